"""Files and folders that appear whole or not at all: temporary name, flush, rename."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["atomic_directory", "atomic_file", "fsync_directory", "write_json"]


def fsync_directory(directory: Path) -> None:
    """Flush a folder's entries, so that a rename in it survives a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fsync_tree(directory: Path) -> None:
    for path in directory.rglob("*"):
        if path.is_dir():
            fsync_directory(path)
        elif path.is_file():
            with path.open("rb") as opened:
                os.fsync(opened.fileno())
    fsync_directory(directory)


@contextmanager
def atomic_directory(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``target`` that becomes ``target`` when the block ends without an error.

    An existing ``target`` is replaced. On an error, or when the process dies, ``target`` is untouched; the
    unfinished folder's name starts with ``.writing-`` and is never read. A folder cannot be replaced in one step
    everywhere: a process that dies between two renames leaves no ``target``, and the old one, whole, in
    ``.writing-…-old-…/replaced``. Nobody ever finds a half-written ``target``.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".writing-{target.name}-", dir=target.parent))
    try:
        yield staging
        staging.chmod(0o755)
        _fsync_tree(staging)
        if target.exists():
            _replace_directory(target, staging)
        else:
            staging.rename(target)
        fsync_directory(target.parent)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def _replace_directory(target: Path, staging: Path) -> None:
    old = Path(tempfile.mkdtemp(prefix=f".writing-{target.name}-old-", dir=target.parent))
    target.rename(old / "replaced")
    try:
        staging.rename(target)
    except BaseException:
        (old / "replaced").rename(target)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``target`` that replaces it when the block ends without an error."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".writing-{target.name}-", dir=target.parent)
    os.close(descriptor)
    staging = Path(name)
    try:
        yield staging
        with staging.open("rb") as opened:
            os.fsync(opened.fileno())
        staging.chmod(0o644)
        staging.replace(target)
        fsync_directory(target.parent)
    except BaseException:
        staging.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON with sorted keys, atomically. NaN and infinities are refused."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with atomic_file(path) as staging:
        staging.write_text(text + "\n", encoding="utf-8")
