"""Where values live: a folder for each (asset, partition, version) with a record, and a pointer to the current one."""

import os
import shutil
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from assets.materialising.inputs import Inputs, Origin
from assets.materialising.names import AS_IN_CODE, AssetNames
from assets.materialising.versions import digest
from recsys_core.errors import StorageError
from recsys_core.retention import surplus
from recsys_core.storage import (
    FileRecord,
    Storable,
    atomic_directory,
    check_files,
    file_digests,
    read_json,
    write_json,
)

__all__ = ["WHOLE", "Pins", "Record", "Store"]

Value = TypeVar("Value", bound=Storable)
WHOLE = "all"  # the one partition there is
_REPLACING_SECONDS = 0.2
_ABANDONED_SECONDS = 86_400.0  # after the last trial of a search
_YOUNG_SECONDS = 60.0  # a plan writes its pins before there is a run that has them
_UNREADABLE = (StorageError, KeyError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a stored value: what went into it, whether it may be used, the checksums of its files."""

    origin: Origin
    parts: Mapping[str, Any]
    usable: bool
    now: int
    run_id: str
    files: Mapping[str, FileRecord]

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "seal": self._seal}

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "Record":
        """The record of :meth:`as_dict`; StorageError, KeyError or TypeError where it is damaged."""
        values = {name: value for name, value in content.items() if name != "seal"}
        files = {name: FileRecord.from_dict(found) for name, found in values["files"].items()}
        record = cls(**{**values, "origin": Origin(**values["origin"]), "files": files})
        if record._seal != content["seal"]:
            raise StorageError("the record's seal does not fit its content")
        return record

    @property
    def _seal(self) -> str:
        """Over all but times and inodes, which a copy of the home changes."""
        return digest({**asdict(self), "files": {name: found.sha256 for name, found in self.files.items()}})


class Store:
    """Values under ``root/ASSET/PARTITION/VERSION/``; ``current.json`` beside the versions names the one to read.

    A value is written under a temporary name and renamed; then the pointer is replaced. A process killed at any
    moment leaves the previous pointer, or none: never half a value. Several processes may write: a version is its
    inputs, so the same one is the same value whoever wrote it, and the pointer is the last one's.

    ``names`` are for errors alone.
    """

    def __init__(self, root: Path, names: AssetNames = AS_IN_CODE) -> None:
        self.root, self.names = root, names

    def put(self, inputs: Inputs, value: Storable, *, usable: bool = True) -> Record:
        """Keep ``value`` under the version of its ``inputs`` and make it the current one.

        What is there already, whole and with the same bytes, stays: somebody may be reading it.
        """
        with suppress(FileNotFoundError):
            os.utime(self._folder(inputs.asset, inputs.version))  # used again: nobody is to take it for an old one
        with suppress(_AlreadyThereError), atomic_directory(self._folder(inputs.asset, inputs.version)) as staging:
            (staging / "value").mkdir()
            value.save(staging / "value")
            files = file_digests(staging / "value")
            record = Record(inputs.origin, inputs.parts(), usable, inputs.now, inputs.run_id, files)
            there = self.record(inputs.asset, inputs.version)
            if there is not None and _same(there, record) and not self.faults(inputs.asset, there, always=True):
                raise _AlreadyThereError
            write_json(staging / "record.json", record.as_dict())
        write_json(self._pointer(inputs.asset), {"version": inputs.version})
        return record

    def load(self, asset: str, kind: type[Value], version: str | None = None, *, always: bool = True) -> Value:
        """The value of ``version``, or the current one; StorageError when it is not whole (see :meth:`faults`)."""
        record = self.record(asset, version) if version else self.current(asset)
        if record is not None and check_files(self.directory(asset, record.origin.version), record.files, always=False):
            time.sleep(_REPLACING_SECONDS)  # it may be in replacement, by a run of the same
            record = self.record(asset, record.origin.version)
        name = self.names(asset)
        if record is None:
            what = f"version {version[:12]} of {name} is not" if version else f"asset {name} is not materialised"
            raise StorageError(f"{what} in {self.root}; run the pipeline (`recsys run`), or materialise it first")
        faults = self.faults(asset, record, always=always)
        if faults:
            raise StorageError(
                f"asset {name}, version {record.origin.version[:12]} in {self.root}: {'; '.join(faults)}; "
                "it is made again by the next `recsys run`"
            )
        return kind.load(self.directory(asset, record.origin.version))

    def current(self, asset: str) -> Record | None:
        """The record of the current version; None if there is none or it cannot be read: then make it again."""
        with suppress(*_UNREADABLE):
            return self.record(asset, read_json(self._pointer(asset))["version"])
        return None

    def record(self, asset: str, version: str) -> Record | None:
        with suppress(*_UNREADABLE):
            return Record.of(read_json(self._folder(asset, version) / "record.json"))
        return None

    def faults(self, asset: str, record: Record, *, always: bool = False) -> list[str]:
        """What is missing or damaged, in words.

        Bytes are read where size, time or inode of a file are not the recorded ones, or ``always``. What was found is
        remembered: files that a copy of the home made are read once, damage that did not show is seen by the next look.
        """
        folder = self.directory(asset, record.origin.version)
        faults = check_files(folder, record.files, always=always)
        with suppress(
            OSError
        ):  # a home that cannot be written is read all the same; another run may remove the version
            seen = {name: _as_seen(None if faults else folder / name, found) for name, found in record.files.items()}
            if seen != record.files and self.record(asset, record.origin.version) == record:
                write_json(folder.with_name("record.json"), replace(record, files=seen).as_dict())
        return faults

    def directory(self, asset: str, version: str) -> Path:
        """The folder of the value itself."""
        return self._folder(asset, version) / "value"

    def folder(self, asset: str) -> Path:
        """Where the versions of ``asset`` are, with the searches that made them (``VERSION.journal``)."""
        return self.root / asset / WHOLE

    def versions(self, asset: str) -> list[str]:
        """The stored versions, the newest first."""
        folders = [path for path in self.folder(asset).glob("[!.]*") if path.is_dir()]
        return [path.name for path in sorted(folders, key=lambda path: path.stat().st_mtime_ns, reverse=True)]

    def _folder(self, asset: str, version: str) -> Path:
        return self.folder(asset) / version

    def _pointer(self, asset: str) -> Path:
        return self.folder(asset) / "current.json"

    def surplus(self, asset: str, keep: int, remembered: Collection[str] = ()) -> tuple[list[Path], list[Path]]:
        """Folders of old versions, and files of searches, that can go.

        What stays beside the ``keep`` newest others: the current version, those that a run in ``remembered`` has pinned
        or made, and one whose search goes on.
        """
        current, stored = self.current(asset), self.versions(asset)
        in_use = {current.origin.version if current else "", *Pins.of_all(self.root, asset, remembered)}
        records = {version: self.record(asset, version) for version in stored}
        in_use |= {version for version, record in records.items() if record and record.run_id in remembered}
        in_use |= {path.name.split(".")[0] for path in self.folder(asset).glob("*.journal.writing") if _is_locked(path)}
        going = surplus(stored, keep, in_use)
        kept = {*stored, *in_use} - {*going}
        searches = [path for path in self.folder(asset).glob("*.journal*") if path.name.split(".")[0] not in kept]
        old = time.time() - _ABANDONED_SECONDS  # of a search that never came to its end
        return (
            [self._folder(asset, version) for version in going],
            [path for path in searches if path.name.split(".")[0] in going or path.stat().st_mtime < old],
        )


def _is_locked(path: Path) -> bool:
    """Whether a process holds this file's lock."""
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


class _AlreadyThereError(Exception):
    """Ends a write that would replace a value by the same one."""


def _same(one: Record, other: Record) -> bool:
    contents = [{name: found.sha256 for name, found in record.files.items()} for record in (one, other)]
    return contents[0] == contents[1] and one.usable == other.usable


def _as_seen(path: Path | None, record: FileRecord) -> FileRecord:
    """With the time and inode that a whole file has; without one, with a time that makes the next look read it."""
    if path is None:
        return replace(record, mtime_ns=-1)
    status = path.stat()
    return replace(record, size=status.st_size, mtime_ns=status.st_mtime_ns, inode=status.st_ino)


class Pins:
    """The versions that one run uses: written at the first use, the same for all its processes and retries.

    run_id  Dagster's id of the run, or a plan's
    before  runs and plans whose pins are taken where this run has none, in this order
    """

    def __init__(self, root: Path, run_id: str, before: Iterable[str] = ()) -> None:
        self._own = root / ".pins" / run_id
        self._chain = [self._own, *(root / ".pins" / other for other in before)]

    def get(self, name: str) -> Any:
        """What is pinned under ``name``, from now on by this run itself; None if nothing is."""
        for folder in self._chain:
            with suppress(StorageError):
                found = read_json(folder / name)
                return found if folder == self._own else self.first(name, found)
        return None

    def first(self, name: str, content: Any) -> Any:
        """Pin ``content`` unless this run has a pin already; what is pinned. The first of several processes wins."""
        if not (self._own / name).is_file():
            draft = self._own / f".{name}-{os.getpid()}-{time.monotonic_ns()}"
            write_json(draft, content)
            with suppress(FileExistsError):
                os.link(draft, self._own / name)
            draft.unlink()
        return read_json(self._own / name)

    def made(self, asset: str, version: str) -> None:
        """Pin what the run has made itself."""
        write_json(self._own / asset, version)

    @classmethod
    def of_all(cls, root: Path, asset: str, kept: Collection[str] = ()) -> set[str]:
        """The versions of ``asset`` that a run has pinned which :meth:`forget` leaves alone."""
        found: set[str] = set()
        over = cls._over(root, kept)
        for path in (root / ".pins").glob(f"*/{asset}"):
            with suppress(StorageError):  # forgotten meanwhile
                if path.parent not in over:
                    found.add(read_json(path))
        return found

    @classmethod
    def forget(cls, root: Path, kept: Collection[str]) -> None:
        """Remove the pins of runs that are over: all but ``kept`` and those written this very minute."""
        for folder in cls._over(root, kept):
            shutil.rmtree(folder, ignore_errors=True)

    @staticmethod
    def _over(root: Path, kept: Collection[str]) -> set[Path]:
        over = set()
        for folder in (root / ".pins").glob("*"):
            with suppress(FileNotFoundError):  # another process forgets it, too
                if folder.name not in kept and time.time() - folder.stat().st_mtime > _YOUNG_SECONDS:
                    over.add(folder)
        return over
