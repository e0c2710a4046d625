"""Cuts a CSV file into blocks of whole lines that are safe to parse, in constant memory.

A line that could mislead a CSV parser is set aside here with its number and a reason, so that it never takes its
neighbours with it: an unclosed quotation mark would swallow the following lines, a NUL byte or a gigantic field
would end the parse. A row is one line, or a few where line breaks stand inside quoted fields (RFC 4180): these
become spaces, if what comes out is a whole row; a row has the number of its first line.

The work is block-wise and almost always a few searches for single bytes; only blocks that hold something unusual
are looked at line by line, in NumPy.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from recsys_core.reading.rejected import RejectedRow, readable_text

__all__ = ["MOST_LINES", "Block", "LineGuard"]

NUL: Final = "NUL byte"
TOO_LONG: Final = "line too long"
BAD_QUOTES: Final = "unclosed or misplaced quotation mark"
LONE_RETURN: Final = "carriage return inside the line"
TRUNCATED: Final = "file ends in the middle of the line"

_LF, _CR, _QUOTE, _COMMA = 10, 13, 34, 44
_KEPT_OF_LONG_LINE = 4096
_QUOTED = re.compile(rb'"[^"]*"')
MOST_LINES: Final = 64  # of one row
_STRICT_CELL: Final = rb'(?:"[^"]*(?:""[^"]*)*"|[^",]*)'
_STRICT_LINE = re.compile(_STRICT_CELL + rb"(?:," + _STRICT_CELL + rb")*")
_CELL = re.compile(rb"(?:^|,)" + _STRICT_CELL)
# Fields that a lenient parser still closes on the same line: quoted, or with quotation marks inside, or empty.
_LENIENT_LINE = re.compile(rb'(?:"(?:[^"]|"")*"|[^",][^,]*|)(?:,(?:"(?:[^"]|"")*"|[^",][^,]*|))*')


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines, each ended by a line feed, and what was set aside between them.

    data        the kept lines
    first_line  number of the first line of the block, kept or not
    n_lines     lines of the block, kept, set aside or blank
    absent      numbers of the lines that are not in ``data``, ascending
    rejected    the lines set aside, in order; blank lines are absent but not rejected
    """

    data: bytes
    first_line: int
    n_lines: int
    absent: list[int] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)

    def line_numbers(self) -> NDArray[np.int64]:
        """Number of every kept line, of shape (n_lines - len(absent),)."""
        numbers = np.arange(self.first_line, self.first_line + self.n_lines, dtype=np.int64)
        if not self.absent:
            return numbers
        return np.delete(numbers, np.asarray(self.absent, dtype=np.int64) - self.first_line)


class LineGuard:
    """Iterates over the blocks of ``stream``, which stands behind the header on line ``header_line``.

    last_line  number of the last line of the blocks so far
    is_open    whether the text ended where more of it might have belonged to its last row
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        header_line: int,
        n_columns: int,
        max_line_bytes: int,
        block_bytes: int,
    ) -> None:
        self._stream = stream
        self._next_line = header_line + 1
        self._n_columns = n_columns
        self._max_line_bytes = max_line_bytes
        self._block_bytes = block_bytes
        self.is_open = False

    @property
    def last_line(self) -> int:
        return self._next_line - 1

    def __iter__(self) -> Iterator[Block]:
        held, rest = b"", b""  # whole lines of a row that may go on, and the beginning of the next line
        chunk = self._read()
        while chunk:
            following = b""
            cut = chunk.rfind(b"\n") + 1
            if cut:
                whole, rest = b"".join((held, rest, memoryview(chunk)[:cut])), chunk[cut:]
                open_from = self._open_from(whole)
                whole, held = whole[:open_from], whole[open_from:]
                if whole:
                    yield self._examine(whole)
            else:
                rest += chunk
            if len(rest) - rest.endswith(b"\r") > self._max_line_bytes:
                if held:
                    yield self._examine(held)
                block, following = self._skip_line(rest)
                held, rest = b"", b""
                yield block
            chunk = following or self._read()
        yield from self._end(held, rest)

    def _end(self, held: bytes, rest: bytes) -> Iterator[Block]:
        self.is_open = bool(held)
        together = held + rest + b"\n"
        if held and rest and self._spans(together):
            yield self._examine(together)
            return
        if held:
            yield self._examine(held)
        if rest:
            yield self._last_line(rest)

    def _read(self) -> bytes:
        return self._stream.read(self._block_bytes)

    def _skip_line(self, beginning: bytes) -> tuple[Block, bytes]:
        """Pass over a line that is too long to be held; returns its block and what was read of those behind it."""
        rest = b""
        while chunk := self._read():
            end = chunk.find(b"\n") + 1
            if end:
                rest = chunk[end:]
                break
        number = self._next_line
        self._next_line += 1
        row = RejectedRow(number, TOO_LONG, readable_text(beginning[:_KEPT_OF_LONG_LINE]))
        return Block(b"", number, 1, [number], [row]), rest

    def _last_line(self, line: bytes) -> Block:
        """A last line without a line end: a row like any other, unless columns are missing."""
        n_fields = _QUOTED.sub(b"", line).count(b",") + 1
        if line.strip(b"\r") and line.count(b'"') % 2 == 0 and b"\0" not in line and n_fields < self._n_columns:
            number = self._next_line
            self._next_line += 1
            return Block(b"", number, 1, [number], [RejectedRow(number, TRUNCATED, readable_text(line))])
        return self._examine(line + b"\n")

    def _examine(self, data: bytes) -> Block:
        first_line = self._next_line
        ends = np.frombuffer(data, dtype=np.uint8) == _LF
        if self._is_usual(data, ends):
            n_lines = int(np.count_nonzero(ends))
            self._next_line += n_lines
            return Block(data, first_line, n_lines)
        block = self._sort_out(data, first_line)
        self._next_line += block.n_lines
        return block

    def _sort_out(self, data: bytes, first_line: int) -> Block:
        """Set aside the blank and the harmful lines of ``data``; lines that make one row become one."""
        spans, _ = _rows_over_lines(data, self._n_columns, self._max_line_bytes)
        if not spans:
            return _sort_out_lines(data, first_line, self._max_line_bytes)
        lines = data.split(b"\n")[:-1]
        gone = [row for first, last in spans for row in range(first + 1, last + 1)]
        for first, last in spans:
            lines[first] = _on_one_line(lines[first : last + 1])
        numbers = np.delete(np.arange(len(lines)), gone) + first_line  # of each line that there is now
        block = _sort_out_lines(b"".join(lines[row - first_line] + b"\n" for row in numbers), 0, self._max_line_bytes)
        absent = sorted([*(int(numbers[row]) for row in block.absent), *(first_line + row for row in gone)])
        rejected = [row._replace(line=int(numbers[row.line])) for row in block.rejected]
        return Block(block.data, first_line, len(lines), absent, rejected)

    def _open_from(self, data: bytes) -> int:
        """Where the last row of ``data`` begins, if lines that are still to come may belong to it; else its end."""
        _, start = _rows_over_lines(data, self._n_columns, self._max_line_bytes)
        return len(data) if start is None else start

    def _spans(self, data: bytes) -> bool:
        """Whether the last line of ``data`` ends a row that began on an earlier one."""
        spans, _ = _rows_over_lines(data, self._n_columns, self._max_line_bytes)
        return bool(spans) and spans[-1][1] == data.count(b"\n") - 1

    def _is_usual(self, data: bytes, ends: NDArray[np.bool_]) -> bool:
        """Whether no line can be blank, too long, quoted, or hold a NUL byte or a lone carriage return.

        ``ends`` says of each byte whether it is a line feed: a search for two of them takes ten times as long.
        """
        if data[0] in (_LF, _CR) or (ends[1:] & ends[:-1]).any() or b'"' in data or b"\0" in data:
            return False
        if b"\r" in data and (data.count(b"\r") != data.count(b"\r\n") or b"\n\r" in data):
            return False
        position = 0
        while len(data) - position > self._max_line_bytes:
            end = data.rfind(b"\n", position, position + self._max_line_bytes)
            if end < 0:
                return False
            position = end + 1
        return True


def _rows_over_lines(data: bytes, n_columns: int, max_bytes: int) -> tuple[list[tuple[int, int]], int | None]:
    """The first and the last line (from 0) of every row that goes over several, and where one begins that may go on.

    A line with an odd number of quotation marks and those up to the next such line are one row if together they are
    quoted as they should be, have ``n_columns`` columns, and are neither too many nor longer than ``max_bytes``.
    """
    if b'"' not in data:
        return [], None
    octets = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(octets == _LF)
    n_marks = np.bincount(np.searchsorted(ends, np.flatnonzero(octets == _QUOTE)), minlength=len(ends))
    odd = np.flatnonzero(n_marks % 2).tolist()
    starts = [int(ends[line - 1]) + 1 if line else 0 for line in odd]
    spans: list[tuple[int, int]] = []
    place = 0
    while place + 1 < len(odd):
        first, last = odd[place : place + 2]
        lines = data[starts[place] : int(ends[last])]
        if last - first < MOST_LINES and len(lines) <= max_bytes and _is_row(lines, n_columns):
            spans.append((first, last))
            place += 1
        place += 1
    if place == len(odd) or len(ends) - odd[place] >= MOST_LINES or len(data) - starts[place] > max_bytes:
        return spans, None
    return spans, starts[place]


def _is_row(lines: bytes, n_columns: int) -> bool:
    row = _on_one_line(lines.split(b"\n"))
    return _STRICT_LINE.fullmatch(row) is not None and len(_CELL.findall(row)) == n_columns


def _on_one_line(lines: list[bytes]) -> bytes:
    return b" ".join(line.strip(b"\r") for line in lines)


def _sort_out_lines(data: bytes, first_line: int, max_line_bytes: int) -> Block:
    octets = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(octets == _LF)
    starts = np.concatenate([[0], ends[:-1] + 1])
    n_lines = len(ends)
    before_end = np.where(ends > starts, octets[ends - 1], 0)
    contents = ends - starts - (before_end == _CR)
    blank = contents == 0

    reasons: dict[int, str] = {}  # row of the block -> reason; the first that applies stays
    for row in np.flatnonzero(contents > max_line_bytes).tolist():
        reasons.setdefault(row, TOO_LONG)
    for row in _rows_of(np.flatnonzero(octets == 0), ends):
        reasons.setdefault(row, NUL)
    returns = np.flatnonzero(octets[:-1] == _CR)
    for row in _rows_of(returns[octets[returns + 1] != _LF], ends):
        reasons.setdefault(row, LONE_RETURN)
    for row in _badly_quoted(octets, starts, ends):
        line = data[starts[row] : ends[row]]
        if line.count(b'"') % 2 or not _LENIENT_LINE.fullmatch(line.rstrip(b"\r")):
            reasons.setdefault(row, BAD_QUOTES)

    absent_rows = sorted({*reasons, *np.flatnonzero(blank).tolist()})
    rejected = [
        RejectedRow(first_line + row, reasons[row], readable_text(data[starts[row] : ends[row]]))
        for row in sorted(reasons)
    ]
    kept: list[bytes] = []
    position = 0
    for row in absent_rows:
        kept.append(data[position : int(starts[row])])
        position = int(ends[row]) + 1
    kept.append(data[position:])
    absent = [first_line + row for row in absent_rows]
    return Block(b"".join(kept) if absent else data, first_line, n_lines, absent, rejected)


def _rows_of(positions: NDArray[np.int64], ends: NDArray[np.int64]) -> list[int]:
    """Rows (of the lines ending at ``ends``) in which the byte ``positions`` lie, each once, ascending."""
    return [int(row) for row in np.unique(np.searchsorted(ends, positions))]


def _badly_quoted(octets: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> list[int]:
    """Rows whose quotation marks do not follow RFC 4180.

    Within a line they open and close in turn. One that opens stands behind a comma, a line's beginning or the
    mark that it doubles; one that closes stands before a comma, a line's end or the mark that doubles it.
    """
    marks = np.flatnonzero(octets == _QUOTE)
    if len(marks) == 0:
        return []
    rows = np.searchsorted(ends, marks)
    first_mark_of_row = np.searchsorted(marks, starts)
    place = np.arange(len(marks)) - first_mark_of_row[rows]
    opens = place % 2 == 0
    before = np.where(marks > starts[rows], octets[marks - 1], _COMMA)
    after = octets[marks + 1]
    doubled_before = (before == _QUOTE) & (place > 0)
    fits = np.where(
        opens,
        (before == _COMMA) | doubled_before,
        (after == _COMMA) | (after == _LF) | (after == _CR) | (after == _QUOTE),
    )
    odd = np.bincount(rows, minlength=len(ends)) % 2 == 1
    return sorted({*np.unique(rows[~fits]).tolist(), *np.flatnonzero(odd).tolist()})
