"""A large table's file, or its many part files, read piece by piece, in any place and order, as if it were read whole.

A piece is some parts of a folder, or the bytes of one plain file from one line end to another. Where a row over several
lines might go on in the next piece, both are read again as one.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, Final, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys_core.dataset.schema import TableSpec
from recsys_core.dataset.table_folders import text_ids
from recsys_core.errors import RecsysError
from recsys_core.reading.header import Header, read_header
from recsys_core.reading.line_guard import LineGuard
from recsys_core.reading.opening import (
    NOTHING_BEFORE,
    Before,
    beginning_of,
    content_digest,
    is_plain,
    joint_digest,
    open_csv,
    parts_of,
)
from recsys_core.reading.rejected import REJECTED_FILE
from recsys_core.reading.table import ROWS_FILE, ReadSummary, TableWriter
from recsys_core.storage import file_sha256

__all__ = ["PIECE_BYTES", "Piece", "PieceRead", "pieces_of", "read_piece", "read_table_in_pieces"]

PIECE_BYTES: Final = 64 << 20
"""Of a piece, about: seconds of work for one processor."""
_MAX_LINE_BYTES: Final = 1 << 20
_BLOCK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Piece:
    """What is read by itself.

    parts        consecutive parts of the table's file
    start, stop  bytes of the only part; None is its end
    is_first     whether the header stands in it
    """

    path: Path
    parts: tuple[Path, ...]
    header: Header
    before: Before = NOTHING_BEFORE
    start: int = 0
    stop: int | None = None
    is_first: bool = False

    def with_next(self, following: "Piece") -> "Piece":
        """Both as one."""
        parts = tuple(dict.fromkeys((*self.parts, *following.parts)))
        return Piece(self.path, parts, self.header, self.before, self.start, following.stop, self.is_first)


@dataclass(frozen=True, slots=True)
class PieceRead:
    """What reading a piece into ``directory`` gave; lines are counted from its own beginning.

    is_open  whether a row may go on behind its end
    digests  hex SHA-256 of the parts that it read whole
    """

    directory: Path
    n_lines: int
    is_open: bool
    emptied: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    digests: tuple[tuple[Path, str], ...] = ()


ReadAll = Callable[[Sequence[tuple[Piece, Path]]], list[PieceRead | RecsysError]]
"""From pieces and the folders that they are to be read into, all new, to the outcome of :func:`read_piece` of each."""


def pieces_of(path: Path, table: TableSpec, *, piece_bytes: int = PIECE_BYTES) -> list[Piece]:
    """The pieces of a table's file, in order; errors of the header as by :func:`recsys_core.reading.read_table`."""
    with open_csv(path, table.format) as opened:
        header = read_header(opened.stream, str(path), table.as_in_file, max_line_bytes=_MAX_LINE_BYTES)
    parts = tuple(parts_of(path))
    if len(parts) == 1:
        if not is_plain(parts[0], table.format):
            return [Piece(path, parts, header, is_first=True)]
        cuts = _cuts(parts[0], header, piece_bytes)
        stops = [*cuts, None]
        return [
            Piece(path, parts, header, start=start, stop=stop, is_first=start == 0)
            for start, stop in zip([0, *cuts], stops, strict=True)
        ]
    n_first, before = beginning_of(path, table.format)
    first, *others = _grouped(parts, n_first, piece_bytes)
    return [Piece(path, first, header, is_first=True), *(Piece(path, group, header, before) for group in others)]


def _cuts(path: Path, header: Header, piece_bytes: int) -> list[int]:
    """Where pieces but the first begin: behind line ends, at least ``piece_bytes`` apart."""
    size, cuts = path.stat().st_size, list[int]()
    with path.open("rb") as opened:
        for _ in range(header.line):
            opened.readline()
        place = opened.tell()
        while place + piece_bytes < size:
            opened.seek(place + piece_bytes - 1)
            while (line := opened.readline(_MAX_LINE_BYTES)) and not line.endswith(b"\n"):
                pass
            place = opened.tell()
            if place < size:
                cuts.append(place)
    return cuts


def _grouped(parts: Sequence[Path], n_first: int, piece_bytes: int) -> Iterator[tuple[Path, ...]]:
    """Neighbours of ``piece_bytes`` together, the first of them at least ``n_first``."""
    start = n_bytes = 0
    for number, part in enumerate(parts, 1):
        n_bytes += part.stat().st_size
        if number == len(parts) or (number >= n_first and n_bytes >= piece_bytes):
            yield tuple(parts[start:number])
            start, n_bytes = number, 0


def read_piece(piece: Piece, table: TableSpec, directory: Path) -> PieceRead:
    """Read one piece into ``directory``, which exists, as :func:`recsys_core.reading.read_table` reads a file."""
    is_whole = piece.start == 0 and piece.stop is None
    with _opened(piece, table) as (stream, writes_header, digests):
        if piece.is_first:
            read_header(stream, str(piece.path), table.as_in_file, max_line_bytes=_MAX_LINE_BYTES)
        guard = LineGuard(
            stream,
            header_line=piece.header.line - writes_header if piece.is_first else 0,
            n_columns=len(piece.header.names),
            max_line_bytes=_MAX_LINE_BYTES,
            block_bytes=_BLOCK_BYTES,
        )
        with TableWriter(directory, table, piece.header, piece.path.name) as writer:
            for block in guard:
                writer.add(writer.reader.read(block))
        found = tuple(digests()) if is_whole else ()
    return PieceRead(directory, guard.last_line, guard.is_open, dict(writer.emptied), writer.examples, found)


@contextmanager
def _opened(piece: Piece, table: TableSpec) -> Iterator[tuple[BinaryIO, bool, Callable[[], list[tuple[Path, str]]]]]:
    if piece.start == 0 and piece.stop is None:
        with open_csv(piece.path, table.format, parts=piece.parts, before=piece.before) as opened:
            yield opened.stream, opened.writes_header, opened.digests
        return
    with piece.parts[0].open("rb", buffering=0) as raw:
        raw.seek(piece.start)
        yield cast(BinaryIO, io.BufferedReader(_UpTo(raw, piece.stop), 1 << 20)), False, list


class _UpTo(io.RawIOBase):
    """A file up to a place in it."""

    def __init__(self, raw: io.FileIO, stop: int | None) -> None:
        self._raw = raw
        self._left = None if stop is None else stop - raw.tell()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        if self._left is None:
            return self._raw.readinto(buffer) or 0
        n_read = self._raw.readinto(memoryview(buffer)[: self._left]) or 0
        self._left -= n_read
        return n_read


def read_table_in_pieces(
    path: Path, table: TableSpec, directory: Path, scratch: Path, pieces: Sequence[Piece], read_all: ReadAll
) -> ReadSummary:
    """As :func:`recsys_core.reading.read_table` of ``path``, whose pieces ``read_all`` reads, wherever it does.

    ``scratch`` is an empty folder that all who read can write to.
    """
    read = _outcomes(pieces, scratch, read_all)
    with TableWriter(directory, table, pieces[0].header, path.name) as writer:
        starts = accumulate((piece.n_lines for piece in read), initial=0)
        for piece, start in zip(read, starts, strict=False):
            with pq.ParquetFile(piece.directory / ROWS_FILE) as rows:
                for batch in rows.iter_batches(batch_size=1_000_000):
                    writer.add_rows(_moved(pa.Table.from_batches([batch]), start))
            with pq.ParquetFile(piece.directory / REJECTED_FILE) as rejected:
                for batch in rejected.iter_batches():
                    writer.add_rejected(_moved(pa.Table.from_batches([batch]), start))
            writer.emptied.update(piece.emptied)
            writer.examples = piece.examples | writer.examples
            writer.numbering.learn(text_ids(piece.directory))
    digests = [digest for piece in read for digest in piece.digests]
    whole = joint_digest(digests, path) if digests else content_digest(path, file_sha256)
    return writer.summary(whole)


def _outcomes(pieces: Sequence[Piece], scratch: Path, read_all: ReadAll) -> list[PieceRead]:
    """Of pieces that begin and end with rows: those that do not are made one with their neighbours."""
    done: dict[Piece, PieceRead] = {}
    current, n_folders = list(pieces), 0
    while True:
        missing = [piece for piece in current if piece not in done]
        folders = [scratch / f"{n_folders + number:06d}" for number in range(len(missing))]
        n_folders += len(missing)
        outcomes = read_all(list(zip(missing, folders, strict=True)))
        for piece, outcome in zip(missing, outcomes, strict=True):
            if isinstance(outcome, RecsysError):
                raise outcome
            done[piece] = outcome
        joined: list[Piece] = []
        open_before = False
        for piece in current:
            if open_before:
                joined[-1] = joined[-1].with_next(piece)
            else:
                joined.append(piece)
            open_before = done[piece].is_open
        if len(joined) == len(current):
            return [done[piece] for piece in current]
        current = joined


def _moved(rows: pa.Table, lines: int) -> pa.Table:
    place = rows.column_names.index("line")
    return rows.set_column(place, rows.field("line"), pc.add(rows["line"], lines))
