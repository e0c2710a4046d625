"""A downloaded zip archive → its files, taking nothing on trust."""

import stat
import zipfile
import zlib
from pathlib import Path
from typing import Final

from recsys_core.download.catalogue import RemoteDataset
from recsys_core.download.progress import DownloadProgress, OnProgress
from recsys_core.errors import DownloadError

__all__ = ["NoSpaceError", "unpack_archive"]

MAX_RATIO: Final = 200  # CSV files shrink to a tenth; a bomb to a thousandth
_CHUNK_BYTES: Final = 1 << 20


class NoSpaceError(DownloadError):
    """Too little space to unpack an archive that is good."""


def unpack_archive(
    archive: Path, directory: Path, dataset: RemoteDataset, *, free_bytes: int, on_progress: OnProgress
) -> dict[str, int]:
    """Unpack the files of ``dataset`` flat into the empty ``directory``; returns their sizes in bytes.

    Names are compared with the expected ones and never used as paths. Raises DownloadError for a damaged archive,
    an unexpected entry, a link, encryption, or more content than declared or plausible.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = _expected_entries(opened, archive, dataset)
            total = sum(entry.file_size for entry in entries.values())
            if total > free_bytes:
                raise NoSpaceError(
                    f"{directory.parent}: has {free_bytes:,} bytes free, {total:,} are needed to unpack "
                    f"{archive.name}; free some space or name another folder"
                )
            done = 0
            for name, entry in entries.items():
                done = _unpack_entry(opened, entry, directory / name, done, total, on_progress)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DownloadError(f"{archive.name}: is damaged or not a zip archive ({error}); download it again") from error
    return {name: entry.file_size for name, entry in sorted(entries.items())}


def _expected_entries(opened: zipfile.ZipFile, archive: Path, dataset: RemoteDataset) -> dict[str, zipfile.ZipInfo]:
    """File name → entry, after every entry of the archive was found harmless and expected."""
    known = {f"{dataset.name}/{name}": name for name in (*dataset.required_files, *dataset.optional_files)}
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in opened.infolist():
        if entry.filename == f"{dataset.name}/":
            continue
        fault = _fault(entry)
        name = known.get(entry.filename)
        if name is None:
            fault = "is not expected there"
        elif name in entries:
            fault = "is there twice"
        if fault or name is None:
            raise DownloadError(
                f"{archive.name}: entry {entry.filename[:200]!r} {fault}; expected only {', '.join(sorted(known))}; "
                "the archive is not the known data set, nothing was unpacked"
            )
        entries[name] = entry
    missing = [name for name in dataset.required_files if name not in entries]
    if missing:
        raise DownloadError(f"{archive.name}: holds no {', '.join(missing)}; the archive is not the known data set")
    total = sum(entry.file_size for entry in entries.values())
    if total > dataset.max_bytes:
        raise DownloadError(
            f"{archive.name}: unpacks to {total:,} bytes, expected at most {dataset.max_bytes:,}; nothing was unpacked"
        )
    return entries


def _fault(entry: zipfile.ZipInfo) -> str:
    mode = entry.external_attr >> 16
    if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
        return "is a link or another special file"
    if entry.is_dir():
        return "is a folder"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is compressed in an unusual way"
    if entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        return f"grows more than {MAX_RATIO}-fold when unpacked"
    return ""


def _unpack_entry(
    opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, done: int, total: int, on_progress: OnProgress
) -> int:
    """Write one file; returns the bytes unpacked so far."""
    end = done + entry.file_size
    with opened.open(entry) as source, target.open("xb") as destination:
        while chunk := source.read(_CHUNK_BYTES):  # zipfile stops at file_size and checks the CRC
            done += len(chunk)
            destination.write(chunk)
            on_progress(DownloadProgress("unpacking", target.name, done, total))
    if done != end:
        raise DownloadError(
            f"{target.name}: unpacked to {done - end + entry.file_size:,} bytes, the archive declares "
            f"{entry.file_size:,}; download it again"
        )
    return done
