"""A table's file, whatever its format, as CSV text in UTF-8: packed, Parquet, JSON lines, in parts, cut otherwise."""

import csv
import gzip
import hashlib
import io
import itertools
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from recsys_core.dataset.schema import FileFormat
from recsys_core.errors import MalformedFileError, MissingFileError
from recsys_core.reading.flags import with_genres

__all__ = ["ENDINGS", "PACKED", "Opened", "content_digest", "open_csv", "parts_of"]

ENDINGS: Final = (".csv", ".tsv", ".dat", ".txt", ".parquet", ".jsonl", ".ndjson", ".json")
"""Of a table's file, each also with ``.gz`` and, but for Parquet, ``.zip``."""
PACKED: Final = (".gz", ".zip")
_SEPARATORS: Final = {".tsv": "\t"}
_BATCH_ROWS: Final = 50_000


def parts_of(path: Path) -> list[Path]:
    """``path``, or the part files of a folder as Spark and Hadoop write them, in the order of their names."""
    if not path.is_dir():
        return [path]
    return sorted(part for part in path.iterdir() if part.is_file() and part.name[0] not in "_.")


def content_digest(path: Path, sha256_of: Callable[[Path], str]) -> str:
    """Hex SHA-256 of a file's bytes; of a folder's parts one of their names' and theirs."""
    return _joint_digest([(part, sha256_of(part)) for part in parts_of(path)], is_folder=path.is_dir())


def _joint_digest(found: Sequence[tuple[Path, str]], *, is_folder: bool) -> str:
    if not is_folder:
        return found[0][1]
    return hashlib.sha256("\n".join(f"{part.name} {digest}" for part, digest in found).encode()).hexdigest()


@dataclass(eq=False)
class Opened:
    """CSV text, and what its bytes on disk were."""

    path: Path
    stream: BinaryIO
    _parts: list["_Hashed"] = field(default_factory=list)

    def sha256(self) -> str:
        """As :func:`content_digest` of the file, of the bytes that were read; reads what is left."""
        for part in self._parts:
            part.drain()
        found = [(part.path, part.digest.hexdigest()) for part in self._parts]
        return _joint_digest(found, is_folder=self.path.is_dir())


@contextmanager
def open_csv(path: Path, form: FileFormat | None = None) -> Iterator[Opened]:
    """``path`` as a stream of CSV text with a header.

    Raises MissingFileError for what cannot be opened, MalformedFileError for an archive or a Parquet file that is none.
    """
    form = form or FileFormat()
    parts = parts_of(path)
    if not parts:
        raise MissingFileError(f"{path}: is a folder without files; expected part files with rows in them")
    with ExitStack() as stack:
        try:
            hashed = [_Hashed(stack.enter_context(part.open("rb", buffering=0)), part) for part in parts]
        except OSError as error:
            raise MissingFileError(f"{path}: cannot be opened ({error.strerror})") from error
        streams = (_as_csv(part, form) for part in hashed)
        if len(hashed) == 1:
            stream = next(streams)
        else:
            stream = cast(BinaryIO, io.BufferedReader(_Lines(_joined(streams)), 1 << 20))
        yield Opened(path, stream, hashed)


class _Hashed(io.RawIOBase):
    """An open file whose bytes are hashed as they are read; whoever reads it may close it and not the file."""

    def __init__(self, file: io.FileIO, path: Path) -> None:
        self.path = path
        self.digest = hashlib.sha256()
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        n_read = self._file.readinto(buffer) or 0
        self.digest.update(memoryview(buffer)[:n_read])
        return n_read

    def drain(self) -> None:
        while chunk := self._file.read(1 << 20):
            self.digest.update(chunk)

    def reread(self) -> None:
        """After something that reads here and there: hash the whole file from its beginning."""
        self._file.seek(0)
        self.digest = hashlib.sha256()
        self.drain()


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


def _as_csv(part: _Hashed, form: FileFormat) -> BinaryIO:
    """One file as CSV text."""
    suffixes = [suffix.lower() for suffix in part.path.suffixes]
    packed = suffixes[-1] if suffixes and suffixes[-1] in PACKED else ""
    ending = (suffixes[-2] if packed and len(suffixes) > 1 else suffixes[-1] if suffixes else "") or ".csv"
    if ending == ".parquet":
        return _stream(_of_parquet(part))
    raw: BinaryIO = cast(BinaryIO, io.BufferedReader(part, 1 << 20))
    if packed:
        raw, inner = _unpacked(part, raw, packed)
        ending = inner or ending
    if ending in (".jsonl", ".ndjson", ".json"):
        return _stream(_of_json_lines(part.path, raw))
    separator = form.separator or _SEPARATORS.get(ending, "")
    if not form.names and not separator and form.encoding == "utf-8":
        separator = _separator_of(raw)
    if form.names or separator not in ("", ",") or form.encoding != "utf-8" or form.flags:
        return _stream(_recut(part.path, raw, separator or ",", form))
    return raw


def _stream(chunks: Iterator[bytes]) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Lines(chunks), 1 << 20))


def _unpacked(part: _Hashed, raw: BinaryIO, packed: str) -> tuple[BinaryIO, str]:
    """What is packed in a file, and the ending of its name where the archive has one."""
    if packed == ".gz":
        return cast(BinaryIO, _Gunzipped(raw, part.path)), ""
    try:
        archive = zipfile.ZipFile(part.path)
        members = [name for name in archive.namelist() if Path(name).suffix.lower() in ENDINGS]
        if len(members) != 1:
            raise MalformedFileError(
                f"{part.path}: holds {len(members)} files of rows; expected one of {', '.join(ENDINGS)} in the archive"
            )
        return cast(BinaryIO, archive.open(members[0])), Path(members[0]).suffix.lower()
    except zipfile.BadZipFile as error:
        raise MalformedFileError(f"{part.path}: is no zip archive ({error}); pack or download it again") from error


class _Gunzipped(io.BufferedReader):
    """Unpacked by gzip; a file that is none, or ends too early, is named."""

    def __init__(self, raw: IO[bytes], path: Path) -> None:
        super().__init__(_Named(gzip.GzipFile(fileobj=raw), path), 1 << 20)


class _Named(io.RawIOBase):
    def __init__(self, stream: gzip.GzipFile, path: Path) -> None:
        self._stream, self._path = stream, path

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return self._stream.readinto(buffer)
        except (OSError, EOFError) as error:
            raise MalformedFileError(
                f"{self._path}: cannot be unpacked ({error}); pack or download it again"
            ) from error


def _separator_of(raw: BinaryIO) -> str:
    """What stands between the columns' names, where it is not a comma: a tab, ``;``, ``|`` or ``::``."""
    head = cast(io.BufferedReader, raw).peek(1 << 16).split(b"\n", 1)[0].decode("utf-8", errors="replace")
    if "," in head:
        return ""
    return next((sign for sign in ("::", "\t", ";", "|") if sign in head), "")


def _recut(path: Path, raw: BinaryIO, separator: str, form: FileFormat) -> Iterator[bytes]:
    """Text that is cut by something else than commas, without a header or in another encoding, line by line."""
    text = io.TextIOWrapper(raw, encoding=form.encoding, errors="replace", newline="")
    lines: Iterator[str] = text
    sign = separator
    if len(separator) > 1:  # the csv module cuts at one character; this one is in no text
        sign = "\x1f"
        lines = (line.replace(separator, sign) for line in text)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    rows: Iterator[Sequence[str]] = csv.reader(
        lines, delimiter=sign, quoting=csv.QUOTE_MINIMAL if form.quoted else csv.QUOTE_NONE
    )
    if form.names:
        rows = itertools.chain([form.names], rows)
    if form.flags:
        rows = with_genres(rows, form.flags, path)
    for row in rows:
        writer.writerow([cell.replace("\r", " ").replace("\n", " ") for cell in row])
        if out.tell() > 1 << 20:
            yield out.getvalue().encode("utf-8", errors="replace")
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode("utf-8", errors="replace")


def _of_parquet(part: _Hashed) -> Iterator[bytes]:
    try:
        with pq.ParquetFile(part.path) as source:
            for number, batch in enumerate(source.iter_batches(_BATCH_ROWS)):
                yield _written(pa.Table.from_batches([batch]), header=number == 0)
            if source.metadata.num_rows == 0:
                yield _written(source.schema_arrow.empty_table(), header=True)
    except (pa.ArrowInvalid, OSError) as error:
        raise MalformedFileError(f"{part.path}: is no Parquet file ({error}); write or download it again") from error
    part.reread()


def _of_json_lines(path: Path, raw: BinaryIO) -> Iterator[bytes]:
    """Objects, one a line; the columns are the names of the first one that a thousand of them have."""
    names: list[str] = []
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(raw, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise MalformedFileError(
                f"{path}: line {number} is no JSON ({error}); expected an object a line"
            ) from error
        if not isinstance(row, dict):
            raise MalformedFileError(f"{path}: line {number} is no JSON object; expected an object a line")
        rows.append(row)
        if len(rows) >= _BATCH_ROWS:
            yield _rows_as_csv(rows, names)
            rows = []
    yield _rows_as_csv(rows, names)


def _rows_as_csv(rows: list[dict[str, Any]], names: list[str]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if not names:
        names.extend(dict.fromkeys(name for row in rows for name in row))
        writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in names])
    return out.getvalue().encode("utf-8", errors="replace")


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("\r", " ").replace("\n", " ")


def _written(rows: pa.Table, *, header: bool) -> bytes:
    """Arrow rows as CSV; lists and structs as JSON, moments as seconds since 1970."""
    plain = pa.table([_plain(column) for column in rows.columns], names=rows.column_names)
    out = io.BytesIO()
    pacsv.write_csv(plain, out, pacsv.WriteOptions(include_header=header, quoting_style="needed"))
    return out.getvalue()


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if pa.types.is_nested(kind):
        return pa.array([None if value is None else _cell(value) for value in column.to_pylist()], type=pa.string())
    if pa.types.is_timestamp(kind):
        seconds = pc.divide(column.cast(pa.timestamp("us", kind.tz)).cast(pa.int64()).cast(pa.float64()), 1e6)
        return pc.floor(seconds).cast(pa.int64())
    if pa.types.is_decimal(kind):
        return column.cast(pa.float64())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pc.replace_substring_regex(column, "[\r\n]+", " ")
    return column


def _joined(streams: Iterator[BinaryIO]) -> Iterator[bytes]:
    """One text of several, each with the same header."""
    head: bytes | None = None
    for stream in streams:
        first = stream.readline()
        if head is None:
            head = first.rstrip(b"\r\n")
            yield first
        elif first.rstrip(b"\r\n") != head:
            yield first if first.endswith(b"\n") or not first else first + b"\n"
        last = b"\n"
        while chunk := stream.read(1 << 20):
            yield chunk
            last = chunk[-1:]
        if last != b"\n":
            yield b"\n"
