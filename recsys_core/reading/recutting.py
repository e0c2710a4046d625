"""Text that is cut by something else than commas, as CSV."""

import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from recsys_core.dataset.schema import FileFormat
from recsys_core.errors import MalformedFileError
from recsys_core.reading.line_guard import MOST_LINES

__all__ = ["recut"]

_BATCH_ROWS: Final = 50_000


def recut(path: Path, raw: BinaryIO, separator: str, form: FileFormat) -> Iterator[bytes]:
    """Text that is cut by something else than commas, without a header or in another encoding; lines stay lines.

    What is not text in its encoding, or not quoted as it should be, stays so: reading refuses the row.
    """
    encoding = "utf-8-sig" if form.encoding == "utf-8" else form.encoding
    lines = io.TextIOWrapper(raw, encoding=encoding, errors="surrogateescape", newline="\n")
    rows = _Cutter(separator, quoted=form.quoted).rows(iter(lines))
    chunk = [_csv_line(form.names) + "\n"] if form.names else []
    try:
        while chunk := [*chunk, *islice(rows, _BATCH_ROWS)]:
            yield "".join(chunk).encode("utf-8", errors="surrogateescape")
            chunk = []
    except UnicodeError as error:
        raise MalformedFileError(f"{path}: is not {form.encoding} ({error}); declare its encoding") from error


class _Cutter:
    """Puts commas between the cells of lines; a row over several lines becomes one, with blank lines behind it."""

    def __init__(self, separator: str, *, quoted: bool) -> None:
        self._separator = separator
        self._quoted = quoted
        sign, closed = re.escape(separator), r'"[^"]*(?:""[^"]*)*"'
        bare, lenient = rf'(?:(?!{sign})[^"])*', rf'(?!")(?:(?!{sign}).)*'
        self._strict = re.compile(rf"(?:{closed}|{bare})(?:{sign}(?:{closed}|{bare}))*")
        self._lenient = re.compile(rf"(?:{closed}|{lenient})(?:{sign}(?:{closed}|{lenient}))*")
        self._cell = re.compile(rf"(?:^|{sign})({closed}|{lenient})")

    def rows(self, lines: Iterator[str]) -> Iterator[str]:
        ahead: deque[str] = deque()
        while line := ahead.popleft() if ahead else next(lines, ""):
            n_more = self._n_more(line, ahead, lines)
            parts = [line, *(ahead.popleft() for _ in range(n_more))]
            end = "\n" if line.endswith("\n") else ""
            yield self._cut(" ".join(part.rstrip("\r\n") for part in parts)) + end + "\n" * n_more

    def _n_more(self, line: str, ahead: deque[str], lines: Iterator[str]) -> int:
        """How many lines behind ``line`` belong to its row; those read are in ``ahead``."""
        if not self._quoted or line.count('"') % 2 == 0:
            return 0
        parts = [line.rstrip("\r\n")]
        for number in range(MOST_LINES - 1):
            if number == len(ahead):
                ahead.append(next(lines, ""))
            parts.append(ahead[number].rstrip("\r\n"))
            if not ahead[number]:
                break
            if ahead[number].count('"') % 2:
                return number + 1 if self._strict.fullmatch(" ".join(parts)) else 0
        return 0

    def _cut(self, text: str) -> str:
        if not self._quoted or '"' not in text:
            return _csv_line(text.split(self._separator))
        if text.count('"') % 2 or not self._lenient.fullmatch(text):
            return text.replace(self._separator, ",")  # for reading to refuse
        return ",".join(cell if cell[:1] == '"' else _csv_line([cell]) for cell in self._cell.findall(text))


def _csv_line(cells: Sequence[str]) -> str:
    doubled = (cell.replace('"', '""') for cell in cells)
    return ",".join(f'"{cell}"' if "," in cell or '"' in cell else cell for cell in doubled)
