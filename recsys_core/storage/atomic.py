"""Files and folders that appear whole or not at all: temporary name, flush, rename.

What is being written lies beside its target under a name that starts with ``.writing-`` and is locked by its maker.
A maker that is killed loses the lock: that is how :func:`remove_leftovers` tells rubbish from work in progress.
"""

import errno
import json
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from recsys_core.storage.locks import is_at, try_lock

__all__ = [
    "atomic_directory",
    "atomic_file",
    "fsync_directory",
    "link_or_copy",
    "remove_directory",
    "remove_leftovers",
    "scratch_directory",
    "write_json",
]

_WRITING = ".writing-"
_REPLACED = "replaced"
_OLD = re.compile(rf"{re.escape(_WRITING)}(.+)-old-[^-]+")
_LEVELS = 3  # below a root: the root itself, its folders, and theirs
_ABANDONED_SECONDS = 24 * 60 * 60  # where there are no locks
_OCCUPIED = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR})  # a rename's: something is at the new name


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
    ``.writing-…-old-…/replaced``, from where :func:`remove_leftovers` brings it back. Nobody ever finds a half-written
    ``target``.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked_directory(target.parent, target.name) as staging:
        yield staging
        staging.chmod(0o755)
        _fsync_tree(staging)
        _move_in(staging, target)
        fsync_directory(target.parent)


@contextmanager
def scratch_directory(root: Path) -> Iterator[Path]:
    """Yield an empty folder ``.writing-scratch-…`` in ``root``, removed with all that is in it when the block ends."""
    root.mkdir(parents=True, exist_ok=True)
    with _locked_directory(root, "scratch") as scratch:
        yield scratch


def remove_directory(path: Path) -> None:
    """Remove a folder with all that is in it: gone from its name at once. One that is not there is none the worse.

    What a killed process leaves is called ``.writing-…`` and goes with :func:`remove_leftovers`.
    """
    with suppress(FileNotFoundError), _locked_directory(path.parent, "removed") as aside:
        path.rename(aside / path.name)


@contextmanager
def _locked_directory(parent: Path, name: str) -> Iterator[Path]:
    """An empty folder that is locked while the block runs; what is left of it at the end is removed."""
    path, descriptor = _make_directory(parent, name)
    try:
        yield path
    finally:
        if is_at(descriptor, path):  # it has not become the target
            shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def _make_directory(parent: Path, name: str) -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=f"{_WRITING}{name}-", dir=parent))
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:  # taken for a leftover before it could be locked
            continue
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise
        if _is_ours(descriptor, path):
            return path, descriptor


def _make_file(parent: Path, name: str) -> tuple[Path, int]:
    while True:
        descriptor, path = tempfile.mkstemp(prefix=f"{_WRITING}{name}-", dir=parent)
        if _is_ours(descriptor, Path(path)):
            return Path(path), descriptor


def _is_ours(descriptor: int, path: Path) -> bool:
    """Lock what was just made. Somebody who clears leftovers may have been faster: it is then theirs, and closed."""
    if try_lock(descriptor) is not False and is_at(descriptor, path):
        return True
    os.close(descriptor)
    return False


def _move_in(staging: Path, target: Path) -> None:
    """Rename ``staging`` to ``target``; whatever is there gives way, also when others do the same at once."""
    while True:
        try:
            staging.rename(target)
        except OSError as error:
            if error.errno not in _OCCUPIED:
                raise
        else:
            return
        with _locked_directory(target.parent, f"{target.name}-old") as old:
            replaced = old / _REPLACED
            try:
                target.rename(replaced)
                staging.rename(target)
            except BaseException as error:
                if not target.exists():
                    with suppress(FileNotFoundError):
                        replaced.rename(target)
                # Another process replaces it, too: its folder was gone for a moment, or came in before ours.
                if not (isinstance(error, OSError) and error.errno in (*_OCCUPIED, errno.ENOENT)):
                    raise
            else:
                return


@contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``target`` that replaces it when the block ends without an error.

    Write into the file that is there: another file under its name would not be locked.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    staging, descriptor = _make_file(target.parent, target.name)
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
    finally:
        os.close(descriptor)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON with sorted keys, atomically. NaN and infinities are refused."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with atomic_file(path) as staging:
        staging.write_text(text + "\n", encoding="utf-8")


def remove_leftovers(root: Path, levels: int = _LEVELS) -> int:
    """Remove what killed processes left half-written in ``root``, its folders and theirs; returns how many there were.

    ``levels`` is 1 to look at ``root`` alone.

    Safe at any time: what a living process writes is locked, and left alone. Where the file system has no locks,
    everything counts as alive that was touched within a day. A folder that was being replaced, and has no
    successor, is put back.
    """
    return sum(_remove_dead(path) for path in _staged(root, levels))


def _staged(directory: Path, levels: int) -> list[Path]:
    """Everything under a temporary name down to ``levels`` levels. Links are not followed."""
    found: list[Path] = []
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError, PermissionError):  # removed meanwhile, or not ours to look into
        return found
    for entry in entries:
        if entry.name.startswith(_WRITING):
            found.append(Path(entry.path))  # and nothing in it: it goes or stays as a whole
        elif levels > 1 and entry.is_dir(follow_symlinks=False):
            found += _staged(Path(entry.path), levels - 1)
    return found


def _remove_dead(path: Path) -> bool:
    """Remove ``path`` if its maker is dead; whether it is gone."""
    try:
        is_directory = stat.S_ISDIR(path.lstat().st_mode)
        descriptor = os.open(path, (os.O_RDONLY if is_directory else os.O_RDWR) | os.O_NOFOLLOW)
    except OSError:  # finished meanwhile, a link, or somebody else's
        return False
    try:
        locked = try_lock(descriptor)
        if locked is False or (locked is None and time.time() - _last_touched(path) < _ABANDONED_SECONDS):
            return False
        if not is_at(descriptor, path):  # finished between the look and the lock: what is open is now the target
            return False
        if is_directory:
            _put_back(path)
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        return not path.exists()
    finally:
        os.close(descriptor)


def _last_touched(path: Path) -> float:
    """Seconds since 1970 when ``path`` or anything in it was last changed."""
    times = []
    for each in (path, *path.rglob("*")):
        with suppress(FileNotFoundError):
            times.append(each.lstat().st_mtime)
    return max(times, default=0.0)


def _put_back(old: Path) -> None:
    """Give a folder its name again, if its maker died between moving it away and moving the new one in."""
    named = _OLD.fullmatch(old.name)
    if named and not (target := old.parent / named.group(1)).exists():
        with suppress(OSError):  # there was none, or another process has just made a new one
            (old / _REPLACED).rename(target)


def link_or_copy(source: str | Path, target: str | Path) -> None:
    """A second name for a file where the file system has hard links, else a copy: millions of rows need none."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
