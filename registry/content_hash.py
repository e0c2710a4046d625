"""One fingerprint for a folder of files."""

import hashlib
from pathlib import Path

from recsys_core.errors import StorageError

__all__ = ["folder_fingerprint"]


def folder_fingerprint(directory: Path) -> str:
    """SHA-256 over the relative names and contents of all files below ``directory``; times and modes do not count."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    if not files:
        raise StorageError(f"{directory}: expected a folder with files in it")
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as opened:
            content = hashlib.file_digest(opened, "sha256").hexdigest()
        whole.update(f"{path.relative_to(directory).as_posix()}\0{content}\n".encode())
    return whole.hexdigest()
