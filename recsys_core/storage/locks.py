"""Locks on files and folders that the system releases when their process ends, by SIGKILL too."""

import errno
import fcntl
import os
from pathlib import Path

__all__ = ["is_at", "try_lock"]

# What file systems answer that know no flock, or (NFS) none for a descriptor that cannot write, as a folder's.
_UNKNOWN = frozenset(
    {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EBADF, errno.EINVAL, errno.ENOTTY}
)


def try_lock(descriptor: int) -> bool | None:
    """Whether the open file or folder is now locked by us; None where its file system has no such locks.

    The lock lasts until the descriptor and every copy that child processes inherited are closed.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _UNKNOWN:
            return None
        raise
    return True


def is_at(descriptor: int, path: Path) -> bool:
    """Whether what is open still lies at ``path``: it may have been removed or renamed since it was opened."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False
