"""The first rows of a file of which nothing is known, and how it is written."""

import codecs
import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from glob import escape
from itertools import islice
from pathlib import Path
from typing import Final

from recsys_core.dataset.schema import FileFormat
from recsys_core.drafting.columns import Column, is_number
from recsys_core.errors import DataError
from recsys_core.reading.opening import ENDINGS, PACKED, open_csv, parts_of

__all__ = ["Sample", "escaping_quotes", "sample_file", "samples_in", "why_unread"]

_ROWS: Final = 20_000
_LAYOUT_LINES: Final = 500  # by which the separator is found
_NO_SEPARATOR: Final = "\x1f"  # in no text: a line read with it is one cell
_SEPARATORS: Final = (",", "::", "\t", ";", "|")
_CONTROL: Final = re.compile("[\x80-\x9f]")  # in no text of latin-1
_LONGEST_CELL: Final = 1 << 20
_REMEDIES: Final = {
    ".zip": "an archive; unpack it",
    ".gz": "packed; unpack it",
    ".tar": "an archive; unpack it",
    ".tgz": "an archive; unpack it",
    ".7z": "an archive; unpack it",
    ".xlsx": "a workbook; save its sheets as CSV",
    ".xls": "a workbook; save its sheets as CSV",
}
_UNREADABLE: Final = (DataError, csv.Error, OSError, ValueError)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The first rows of a table.

    file        its name, or the pattern of the names of ``n_files`` files that are one table
    form        what of its format must be declared, but for the names of a file without a header
    has_header  where it has none, the columns are called "column 1", "column 2" …
    whole       whether these are all of its rows
    """

    file: str
    columns: tuple[Column, ...]
    n_rows: int
    form: FileFormat
    has_header: bool
    whole: bool
    n_files: int = 1

    @property
    def pattern(self) -> str:
        """What its file, or all of its files, are found by."""
        return self.file if self.n_files > 1 else escape(self.file)


def samples_in(folder: Path) -> list[Sample]:
    """Of every file in ``folder``, and every folder of part files, that holds rows of two columns or more.

    Files that differ by a number in their names alone, and have the same columns, are one table.
    """
    found = []
    for path in sorted(folder.iterdir()):
        if path.name[0] in "._" or not _may_be_a_table(path):
            continue
        try:
            sample = sample_file(path)
        except _UNREADABLE:  # a text, a picture: what is no table is none of ours
            continue
        if sample is not None:
            found.append(sample)
    return _parts_as_one(folder, found)


def why_unread(path: Path) -> str:
    """What keeps a file, or a folder, from being sampled."""
    if not _may_be_a_table(path):
        return _REMEDIES.get(path.suffix.lower(), f"expected {', '.join(ENDINGS)}, or such packed as .gz or .zip")
    try:
        with parts_of(path)[0].open("rb") as opened:
            beginning = opened.read(1 << 16)
        if b"\r" in beginning and b"\n" not in beginning:
            return "its lines end in a carriage return alone; convert its line ends"
        sample_file(path)
    except _UNREADABLE as error:
        return str(error).removeprefix(f"{path}: ")[:160]
    return "no rows of several columns that are cut alike"


def escaping_quotes(folder: Path) -> str:
    """Name of a file that writes a quotation mark as a backslash and one, which no CSV does; empty where none does."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name.lower().endswith((".csv", ".tsv")):
            with path.open("rb") as opened:
                if b'\\"' in opened.read(1 << 20):
                    return path.name
    return ""


def _parts_as_one(folder: Path, samples: list[Sample]) -> list[Sample]:
    alike: defaultdict[tuple[object, ...], list[Sample]] = defaultdict(list)
    for sample in samples:
        names = tuple(column.name for column in sample.columns)
        alike[_pattern(sample.file), names, sample.form, sample.has_header].append(sample)
    found = []
    for (pattern, *_), parts in alike.items():
        there = sorted(path.name for path in folder.glob(str(pattern)))
        if len(parts) == 1 or there != sorted(part.file for part in parts):
            found += parts
        else:
            found.append(_joined(str(pattern), parts))
    return sorted(found, key=lambda sample: sample.file)


def _pattern(name: str) -> str:
    """``ratings_*.csv`` for ``ratings_17.csv``."""
    return "*".join(escape(piece) for piece in re.split(r"\d+", name))


def _joined(pattern: str, parts: list[Sample]) -> Sample:
    """The first rows of each of ``parts``."""
    share = max(1, _ROWS // len(parts))
    columns = tuple(
        Column(column.name, tuple(cell for part in parts for cell in part.columns[num].cells[:share]))
        for num, column in enumerate(parts[0].columns)
    )
    n_rows = len(columns[0].cells)
    whole = all(part.whole for part in parts) and n_rows == sum(part.n_rows for part in parts)
    return replace(parts[0], file=pattern, columns=columns, n_rows=n_rows, whole=whole, n_files=len(parts))


def _may_be_a_table(path: Path) -> bool:
    names = [part.name.lower() for part in parts_of(path)] if path.is_dir() else [path.name.lower()]
    endings = tuple(f"{ending}{packed}" for ending in ENDINGS for packed in ("", *PACKED))
    return bool(names) and all(name.endswith(endings) for name in names)


def sample_file(path: Path, n_rows: int = _ROWS) -> Sample | None:
    """The first ``n_rows`` rows of a file; None where they are no table of two columns or more."""
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
    encoding = "utf-16" if _begins_as_utf_16(path) else "utf-8"
    lines, whole = _lines(path, encoding, n_rows)
    if any("\ufffd" in cell for line in lines for cell in line):
        encoding = "latin-1"
        lines, whole = _lines(path, encoding, n_rows)
        if any(_CONTROL.search(cell) for line in lines for cell in line):  # typographic quotation marks, a euro sign
            encoding = "cp1252"
            lines, whole = _lines(path, encoding, n_rows)
    if not lines:
        return None
    if len(lines[0]) > 1:  # Parquet or JSON lines, whose columns are known
        return _sample(path, lines, FileFormat(), has_header=True, whole=whole)
    texts = [line[0] if line else "" for line in lines]
    texts[0] = texts[0].removeprefix("\ufeff")
    layout = _layout(texts[:_LAYOUT_LINES])
    if layout is None:
        return None
    separator, quoted = layout
    rows = _cut(texts, separator, quoted=quoted)
    has_header = not any(is_number(cell) for cell in rows[0])
    form = FileFormat(separator if separator != "," else "", (), encoding, quoted)
    if has_header and encoding == "utf-8" and quoted and _head(path) == [name.strip() for name in rows[0]]:
        form = FileFormat()
    return _sample(path, rows, form, has_header=has_header, whole=whole)


def _begins_as_utf_16(path: Path) -> bool:
    with parts_of(path)[0].open("rb") as opened:
        return opened.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _lines(path: Path, encoding: str, n_rows: int) -> tuple[list[list[str]], bool]:
    """Lines as one cell each, or the cells of a format that knows its columns; and whether these are all."""
    with open_csv(path, FileFormat(_NO_SEPARATOR, (), encoding, quoted=False)) as opened:
        rows = csv.reader(io.TextIOWrapper(opened.stream, encoding="utf-8", errors="replace", newline=""))
        lines = list(islice(rows, n_rows + 1))
        return lines, next(rows, None) is None


def _head(path: Path) -> list[str]:
    """The header as it is read where nothing is declared."""
    with open_csv(path) as opened:
        text = opened.stream.readline(1 << 20).decode("utf-8", errors="replace").removeprefix("\ufeff")
    return [name.strip() for name in next(csv.reader([text]), [])]


def _layout(texts: list[str]) -> tuple[str, bool] | None:
    """Separator and whether cells are quoted: what cuts the most lines, the first among them, alike."""
    best, best_score = None, (0.0, 0)
    for separator in _SEPARATORS:
        for quoted in (True, False):
            if not quoted and separator == ",":
                continue  # CSV is quoted
            rows = _cut(texts, separator, quoted=quoted)
            if not rows:
                continue
            width, n_alike = Counter(map(len, rows)).most_common(1)[0]
            n_lines = len(rows) if quoted and len(rows) >= 0.5 * len(texts) else len(texts)
            score = (round(n_alike / max(n_lines, 1), 2), width)
            if width > 1 and len(rows[0]) == width and score[0] > 0.8 and score > best_score:
                best, best_score = (separator, quoted), score
    return best or _by_blanks(texts)


def _by_blanks(texts: list[str]) -> tuple[str, bool] | None:
    """Whether what nothing else cuts are rows of numbers between blanks."""
    widths = {len(text.split(" ")) for text in texts}
    numbers = all(is_number(cell) for text in texts[1:] for cell in text.split(" "))
    return (" ", False) if len(widths) == 1 and widths != {1} and numbers else None


def _cut(texts: Iterable[str], separator: str, *, quoted: bool) -> list[list[str]]:
    sign, lines = separator, iter(texts)
    if len(separator) > 1:
        sign, lines = _NO_SEPARATOR, (text.replace(separator, _NO_SEPARATOR) for text in texts)
    rows = csv.reader(_ended(lines), delimiter=sign, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE)
    return [row for row in rows if row]


def _ended(lines: Iterable[str]) -> Iterator[str]:
    return (line + "\n" for line in lines)


def _sample(path: Path, rows: list[list[str]], form: FileFormat, *, has_header: bool, whole: bool) -> Sample | None:
    width = len(rows[0])
    names = [name.strip() for name in rows[0]] if has_header else [f"column {n + 1}" for n in range(width)]
    body = [row for row in rows[1 if has_header else 0 :] if len(row) == width]
    if has_header:
        body = [row for row in body if row != rows[0]]  # as where files were appended to each other
    if width < 2 or not body:
        return None
    columns = tuple(Column(name, cells) for name, cells in zip(names, zip(*body, strict=True), strict=True))
    return Sample(path.name, columns, len(body), form, has_header, whole)
