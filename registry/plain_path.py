"""A name for a home folder that fits into a database's address, whatever the folder itself is called.

SQLAlchemy decodes ``%41`` in an address where MLflow and Dagster take it as it stands, ``?`` begins the options and
``#`` ends the path. None of them can be escaped for all three, so such a home gets a second name without these signs.
"""

import os
import stat
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from recsys_core.errors import RegistryError

__all__ = ["plain_path"]

_ODD = "%?#"


def plain_path(home: Path) -> Path:
    """``home`` (absolute), or where its path holds one of % ? # a symbolic link to it whose path holds none.

    The link has the same name in every process of a user and is made, or mended, by this call; ``home`` need not exist
    yet. It lies in a folder of this user alone below the folder for temporary files. RegistryError when there can be
    no such folder.
    """
    home = home.absolute()
    if not _is_odd(home):
        return home
    target = home.resolve()
    link = _own_folder() / sha256(os.fsencode(target)).hexdigest()[:16]
    _point(link, target)
    return link


def _is_odd(path: Path) -> bool:
    return any(sign in str(path) for sign in _ODD)


def _own_folder() -> Path:
    parent = Path(tempfile.gettempdir()).absolute()
    if _is_odd(parent):
        raise RegistryError(
            f"{parent}: the folder for temporary files has one of % ? # in its path, as the home has; "
            "set TMPDIR to a folder without them"
        )
    folder = parent / f"recsys-{os.getuid()}"
    try:
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        # whoever else could write here could lead this user's runs into a folder of their own
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise RegistryError(
                f"{folder}: is not a folder of this user, so no name for the home can be kept there; "
                "remove it, or set TMPDIR to another folder"
            )
        if stat.S_IMODE(found.st_mode) != 0o700:
            folder.chmod(0o700)
    except OSError as error:
        raise RegistryError(
            f"{folder}: cannot be made ({error}), and a home with one of % ? # in its path needs it; "
            "set TMPDIR to a folder that can be written to"
        ) from error
    return folder


def _point(link: Path, target: Path) -> None:
    """Make ``link`` lead to ``target``. A rename replaces what is there, so no other process ever finds nothing."""
    try:
        if link.is_symlink() and link.readlink() == target:
            return
        fresh = link.with_name(f"{link.name}-{uuid4().hex}")
        fresh.symlink_to(target)
        fresh.replace(link)
    except OSError as error:
        raise RegistryError(
            f"{link}: cannot be made to lead to {target} ({error}); remove it, or set TMPDIR to another folder"
        ) from error
