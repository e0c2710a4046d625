"""A table's file, whatever its format, as CSV text in UTF-8: packed, Parquet, JSON lines, in parts, cut otherwise."""

import codecs
import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, cast

from recsys_core.dataset.schema import FileFormat
from recsys_core.errors import MalformedFileError, MissingFileError
from recsys_core.reading.flags import with_genres
from recsys_core.reading.recutting import recut
from recsys_core.reading.rejected import readable_text
from recsys_core.reading.typed_rows import json_lines_as_csv, parquet_as_csv

__all__ = [
    "ENDINGS",
    "NOTHING_BEFORE",
    "PACKED",
    "Before",
    "Opened",
    "beginning_of",
    "content_digest",
    "is_plain",
    "joint_digest",
    "open_csv",
    "parts_of",
]

ENDINGS: Final = (".csv", ".tsv", ".dat", ".txt", ".parquet", ".jsonl", ".ndjson", ".json")
"""Of a table's file, each also with ``.gz`` and, but for Parquet, ``.zip``."""
PACKED: Final = (".gz", ".zip")
_JSON: Final = (".jsonl", ".ndjson", ".json")
_SEPARATORS: Final = {".tsv": "\t"}


def parts_of(path: Path) -> list[Path]:
    """``path``; the part files of a folder as Spark and Hadoop write them, or of a pattern, in the order of names."""
    if path.is_dir():
        return sorted(part for part in path.iterdir() if part.is_file() and part.name[0] not in "_.")
    return [path] if path.exists() else _fitting(path) or [path]


def _fitting(pattern: Path) -> list[Path]:
    there = next(folder for folder in pattern.parents if folder.is_dir())
    found = sorted(there.glob(str(pattern.relative_to(there))))
    return [part for path in found if path.name[0] not in "_." for part in parts_of(path)]


def content_digest(path: Path, sha256_of: Callable[[Path], str]) -> str:
    """Hex SHA-256 of a file's bytes; of the parts of a folder or a pattern one of their names' and theirs."""
    return joint_digest([(part, sha256_of(part)) for part in parts_of(path)], path)


def joint_digest(found: Sequence[tuple[Path, str]], path: Path) -> str:
    """:func:`content_digest` of parts whose own digests are known."""
    if [part for part, _ in found] == [path]:
        return found[0][1]
    return hashlib.sha256("\n".join(f"{part.name} {digest}" for part, digest in found).encode()).hexdigest()


@dataclass(eq=False)
class Opened:
    """CSV text, and what its bytes on disk were."""

    path: Path
    stream: BinaryIO
    writes_header: bool = False  # which stands in no line of the file
    _parts: list["_Hashed"] = field(default_factory=list)

    def digests(self) -> list[tuple[Path, str]]:
        """The parts and the hex SHA-256 of each, of the bytes that were read; reads what is left."""
        for part in self._parts:
            part.drain()
        return [(part.path, part.digest.hexdigest()) for part in self._parts]

    def sha256(self) -> str:
        """As :func:`content_digest` of the file."""
        return joint_digest(self.digests(), self.path)


@dataclass(frozen=True, slots=True)
class Before:
    """What the parts before a part settle for it: the header, whose it is, and the columns of JSON objects."""

    head: bytes = b""
    of: Path = Path()
    names: tuple[str, ...] = ()


NOTHING_BEFORE: Final = Before()


def beginning_of(path: Path, form: FileFormat) -> tuple[int, Before]:
    """How many parts of ``path`` it takes to have a header, and what these settle."""
    parts, names = parts_of(path), list[str]()
    for number, part in enumerate(parts, 1):
        with _Hashed(part) as hashed:
            first = _first_line(_as_csv(hashed, form, names))
        if first:
            return number, Before(first, part, tuple(names))
    return len(parts), NOTHING_BEFORE


def is_plain(path: Path, form: FileFormat) -> bool:
    """Whether the file is its own CSV text, byte for byte."""
    with _Hashed(path) as hashed:
        text = _as_csv(hashed, form, [])
        return isinstance(text, io.BufferedReader) and text.raw is hashed


@contextmanager
def open_csv(
    path: Path, form: FileFormat | None = None, *, parts: Sequence[Path] = (), before: Before = NOTHING_BEFORE
) -> Iterator[Opened]:
    """``path`` as a stream of CSV text with a header; of some of its ``parts`` without one, if it stood ``before``.

    Raises MissingFileError for what cannot be opened, MalformedFileError for an archive or a Parquet file that is none.
    """
    form = form or FileFormat()
    whole = parts_of(path)
    parts = parts or whole
    if not whole:
        raise MissingFileError(f"{path}: is a folder without files; expected part files with rows in them")
    with ExitStack() as stack:
        try:
            hashed = [stack.enter_context(_Hashed(part)) for part in parts]
        except OSError as error:
            raise MissingFileError(f"{path}: cannot be opened ({error.strerror})") from error
        names = list(before.names)
        streams = (_as_csv(part, form, names) for part in hashed)
        if len(whole) == 1:
            stream = next(streams)
        else:
            named = zip(parts, streams, strict=True)
            stream = _stream(_joined(named, before, have_headers=not path.is_dir() and not _is_json(path)))
        writes_header = bool(form.names) or any(_is_typed(part) for part in whole)
        yield Opened(path, stream, writes_header, hashed)


class _Hashed(io.RawIOBase):
    """A file whose bytes are hashed as they are read; it is open from the first read to the last, as parts are many."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.digest = hashlib.sha256()
        self._file: io.FileIO | None = None
        self._is_read = False
        path.stat()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._is_read:
            return 0
        self._file = self._file or self.path.open("rb", buffering=0)
        n_read = self._file.readinto(buffer) or 0
        self.digest.update(memoryview(buffer)[:n_read])
        if n_read == 0:
            self._is_read = True
            self._file.close()
        return n_read

    def drain(self) -> None:
        buffer = bytearray(1 << 20)
        while self.readinto(buffer):
            pass

    def close(self) -> None:
        """Called by whoever wraps it; the hash is asked for later."""

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()


class _Lines(io.RawIOBase):
    """An iterator of bytes as a stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        n_read = min(len(buffer), len(self._rest))
        buffer[:n_read] = self._rest[:n_read]
        self._rest = self._rest[n_read:]
        return n_read


def _endings(path: Path) -> tuple[str, str]:
    """What a file is, and how it is packed."""
    suffixes = ["", ""] + [suffix.lower() for suffix in path.suffixes]
    packed = suffixes[-1] if suffixes[-1] in PACKED else ""
    return suffixes[-2 if packed else -1], packed


def _is_typed(path: Path) -> bool:
    return _endings(path)[0] in (".parquet", *_JSON)


def _is_json(path: Path) -> bool:
    return _endings(path)[0] in _JSON


def _as_csv(part: "_Hashed", form: FileFormat, names: list[str]) -> BinaryIO:
    """One file as CSV text; ``names`` are those of the JSON objects in the parts before."""
    text = _text_of(part, form, names)
    return _stream(with_genres(text, form.flags, part.path)) if form.flags else text


def _text_of(part: "_Hashed", form: FileFormat, names: list[str]) -> BinaryIO:
    ending, packed = _endings(part.path)
    if ending == ".parquet":
        return _stream(parquet_as_csv(part.path))
    raw: BinaryIO = cast(BinaryIO, io.BufferedReader(part, 1 << 20))
    if packed:
        raw, inner = _unpacked(part, raw, packed)
        ending = inner or ending
    if ending in _JSON:
        return _stream(json_lines_as_csv(part.path, raw, names))
    separator = form.separator or _SEPARATORS.get(ending, "")
    if not form.names and not separator:
        separator = _separator_of(raw, form.encoding)
    if form.names or separator not in ("", ",") or form.encoding != "utf-8" or not form.quoted:
        return _stream(recut(part.path, raw, separator or ",", form))
    return raw


def _stream(chunks: Iterator[bytes]) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Lines(chunks), 1 << 20))


def _unpacked(part: _Hashed, raw: BinaryIO, packed: str) -> tuple[BinaryIO, str]:
    """What is packed in a file, and the ending of its name where the archive has one."""
    if packed == ".gz":
        return _named(cast(IO[bytes], gzip.GzipFile(fileobj=raw)), part.path), ""
    try:
        archive = zipfile.ZipFile(part.path)
        members = [name for name in archive.namelist() if _is_table(name)]
        if len(members) != 1:
            raise MalformedFileError(
                f"{part.path}: holds {len(members)} files of rows; expected one of {', '.join(ENDINGS)} in the archive"
            )
        return _named(archive.open(members[0]), part.path), Path(members[0]).suffix.lower()
    except (zipfile.BadZipFile, RuntimeError) as error:  # the latter where a password is needed
        raise MalformedFileError(f"{part.path}: is no zip archive ({error}); pack or download it again") from error


def _is_table(member: str) -> bool:
    """Whether a file of an archive may be the table, and is not macOS's notes on it."""
    path = Path(member)
    return path.suffix.lower() in ENDINGS and path.name[0] not in "_." and path.parts[0] != "__MACOSX"


def _named(stream: IO[bytes], path: Path) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Named(stream, path), 1 << 20))


class _Named(io.RawIOBase):
    """What is unpacked; an archive that is none, or ends too early, is named."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self._stream, self._path = stream, path

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            chunk = self._stream.read(len(buffer))
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
            raise MalformedFileError(
                f"{self._path}: cannot be unpacked ({error}); pack or download it again"
            ) from error
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _separator_of(raw: BinaryIO, encoding: str) -> str:
    """What stands between the columns' names, where it is not a comma: a tab, ``;``, ``|`` or ``::``."""
    head = cast(io.BufferedReader, raw).peek(1 << 16).decode(encoding, errors="replace").lstrip().split("\n", 1)[0]
    if "," in head:
        return ""
    return next((sign for sign in ("::", "\t", ";", "|") if sign in head), "")


def _first_line(stream: BinaryIO) -> bytes:
    return stream.readline().removeprefix(codecs.BOM_UTF8).rstrip(b"\r\n")


def _joined(parts: Iterator[tuple[Path, BinaryIO]], before: Before, *, have_headers: bool) -> Iterator[bytes]:
    """One text of several; a part without a header goes on where the one before ended, unless all must have one."""
    head, of = before.head, before.of
    for path, stream in parts:
        first = _first_line(stream)
        cells, names = first.split(b","), head.split(b",")
        if head and first and first != head and (have_headers or set(cells) & set(names) - {b""}):
            raise MalformedFileError(
                f"{path}: its columns are {readable_text(first)}, those of {of.name} {readable_text(head)}; "
                "write all parts with the same columns"
            )
        if first and first != head:
            yield first + b"\n"
        if not head:
            head, of = first, path
        last = b"\n"
        while chunk := stream.read(1 << 20):
            yield chunk
            last = chunk[-1:]
        if last != b"\n":
            yield b"\n"
