"""Checksums of a stored folder's files, by which a damaged one is told from a whole one."""

import hashlib
import json
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from recsys_core.blockwise import side_by_side
from recsys_core.errors import StorageError
from recsys_core.storage.atomic import write_json
from recsys_core.storage.manifest import read_json

__all__ = ["FileRecord", "RememberedDigests", "check_files", "file_digests", "file_sha256"]

_SHOWN_DIGITS = 12
_SETTLED_SECONDS = 2.0  # a file younger than this when it was read may have changed since in the same instant


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What a file was when it was recorded.

    sha256    hex digest of its bytes: what counts
    size      in bytes
    mtime_ns  time of the last change, in nanoseconds since 1970
    inode     its number in the file system; with size and time it tells that nobody wrote to the file since
    """

    sha256: str
    size: int
    mtime_ns: int
    inode: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The record of :meth:`as_dict`; :class:`StorageError` for anything else."""
        expected = {"sha256": str, "size": int, "mtime_ns": int, "inode": int}
        if not isinstance(values, Mapping) or {name: type(value) for name, value in values.items()} != expected:
            raise StorageError(f"{values!r} is not a file's record; expected {', '.join(expected)}")
        return cls(**values)


def file_sha256(path: Path) -> str:
    """SHA-256 of the file's content in hexadecimal, computed in constant memory."""
    with path.open("rb", buffering=0) as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


class RememberedDigests:
    """SHA-256 of files, kept in a JSON file: what nobody has touched since it was read is not read again."""

    def __init__(self, memory: Path) -> None:
        self._memory = memory

    def sha256(self, path: Path) -> str:
        """Of the content of ``path``; OSError where it cannot be read."""
        found = path.stat()
        mark = [str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
        known: dict[str, Any] = {}
        with suppress(StorageError, TypeError, ValueError, KeyError):
            known = dict(read_json(self._memory))
            sha256, seal = known[str(path)]
            if seal == _seal(mark, sha256):  # of this very state, and not a digit of it is wrong
                return str(sha256)
        sha256 = file_sha256(path)
        if time.time() - max(found.st_mtime, found.st_ctime) > _SETTLED_SECONDS:
            with suppress(OSError):  # a folder that cannot be written
                write_json(self._memory, {**known, str(path): [sha256, _seal(mark, sha256)]})
        return sha256


def _seal(mark: list[Any], sha256: Any) -> str:
    return hashlib.sha256(json.dumps([mark, sha256]).encode()).hexdigest()[:16]


def file_digests(directory: Path) -> dict[str, FileRecord]:
    """The record of every file below ``directory``, by its path in it ("nested/rows.parquet"), sorted.

    Raises :class:`StorageError` for a file that cannot be read, or that is a link or a device.
    """
    names = sorted(_files(directory))
    return dict(zip(names, side_by_side(lambda name: _record(directory, name), names), strict=True))


def check_files(directory: Path, records: Mapping[str, FileRecord], *, always: bool) -> list[str]:
    """What is wrong with the files below ``directory``, in words; nothing if they are those of ``records``.

    always  hash every file. Otherwise only those whose size, time or inode are not as recorded: a file that was
            touched or copied is accepted if its bytes are the same
    """
    found = set(_files(directory))
    there = sorted(found & records.keys())
    looked_at = [name for name in there if always or not _is_untouched(directory / name, records[name])]

    def damage(name: str) -> str | None:
        try:
            expected, is_now = records[name].sha256, _record(directory, name).sha256
        except StorageError as error:
            return str(error)
        if is_now == expected:
            return None
        return f"{name} is damaged: expected SHA-256 {expected[:_SHOWN_DIGITS]}…, found {is_now[:_SHOWN_DIGITS]}…"

    told = {name: f"{name} is gone" for name in records.keys() - found}
    told |= {name: fault for name, fault in zip(looked_at, side_by_side(damage, looked_at), strict=True) if fault}
    faults = [told[name] for name in sorted(told)]
    return faults + [f"{name} is unexpected" for name in sorted(found - records.keys())]


def _files(directory: Path, prefix: str = "") -> Iterator[str]:
    """Paths of everything below ``directory`` that is no folder; a link counts as itself."""
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):  # then nothing is in it
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path), f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name


def _record(directory: Path, name: str) -> FileRecord:
    try:
        if not stat.S_ISREG((directory / name).lstat().st_mode):
            raise StorageError(f"{name} is a link or a device, expected a file")
        with (directory / name).open("rb", buffering=0) as opened:
            status = os.fstat(opened.fileno())
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise StorageError(f"{name} cannot be read ({error.strerror})") from error
    return FileRecord(sha256, status.st_size, status.st_mtime_ns, status.st_ino)


def _is_untouched(path: Path, record: FileRecord) -> bool:
    try:
        status = path.lstat()
    except FileNotFoundError:  # removed since it was listed: reading it will say so
        return False
    return stat.S_ISREG(status.st_mode) and (status.st_size, status.st_mtime_ns, status.st_ino) == (
        record.size,
        record.mtime_ns,
        record.inode,
    )
