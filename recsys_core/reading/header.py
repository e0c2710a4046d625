"""The first lines of a CSV file: encoding, delimiter, column names."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from recsys_core.dataset.columns import ColumnSpec
from recsys_core.dataset.names import plain_name
from recsys_core.dataset.schema import TableSpec
from recsys_core.errors import MalformedFileError

__all__ = ["LFS_POINTER", "UNUSED", "Header", "read_header"]

LFS_POINTER = "version https://git-lfs.github.com/"
"""How the file begins that Git LFS leaves in place of one that it has not fetched."""
UNUSED = "unused: "

_UTF8_BOM = b"\xef\xbb\xbf"
_FOREIGN_BEGINNINGS = (  # longest first: UTF-32's mark begins with UTF-16's
    (b"\xff\xfe\x00\x00", "is encoded in UTF-32", "save it as UTF-8"),
    (b"\x00\x00\xfe\xff", "is encoded in UTF-32", "save it as UTF-8"),
    (b"\xff\xfe", "is encoded in UTF-16", "save it as UTF-8"),
    (b"\xfe\xff", "is encoded in UTF-16", "save it as UTF-8"),
    (b"\x1f\x8b", "is compressed by gzip", "unpack it"),
    (b"PK\x03\x04", "is a zip archive", "unpack it"),
    (b"PAR1", "is a Parquet file", "convert it to CSV"),
)


@dataclass(frozen=True, slots=True)
class Header:
    """The columns in the file's order, and the number of the line on which they stand (1 unless lines are blank).

    ``names`` are canonical where the table declares the column; of others it is :data:`UNUSED` and the file's name.
    ``text`` is the line as it stands there.
    """

    names: tuple[str, ...]
    line: int
    text: bytes = b""


def read_header(stream: BinaryIO, file: str, table: TableSpec, *, max_line_bytes: int) -> Header:
    """Read up to the end of the header line and check it against ``table``.

    Columns are matched by name, in any order, whatever their case and underscores; more columns than declared are
    fine. Raises MalformedFileError.
    """
    expected = f"expected UTF-8 CSV text with the header {','.join(table.names_in_file)}"
    line = stream.readline(max_line_bytes)
    for mark, what, action in _FOREIGN_BEGINNINGS:
        if line.startswith(mark):
            raise MalformedFileError(f"{file}: {what}; {expected}; {action}")
    line = line.removeprefix(_UTF8_BOM)
    number = 1
    while line and not line.strip(b"\r\n"):
        line = stream.readline(max_line_bytes)
        number += 1
    if not line:
        raise MalformedFileError(f"{file}: is empty; {expected}; export or download it again")
    if b"\0" in line:
        raise MalformedFileError(
            f"{file}: line {number} holds NUL bytes, so it is encoded in UTF-16 or not text at all; "
            f"{expected}; save it as UTF-8"
        )
    if not line.endswith(b"\n") and len(line) >= max_line_bytes:
        raise MalformedFileError(f"{file}: line {number} is longer than {max_line_bytes} bytes; {expected}")
    if b"\r" in line.rstrip(b"\r\n"):
        raise MalformedFileError(
            f"{file}: its lines end in a carriage return alone; {expected} and lines that end in LF or CRLF; "
            "convert its line ends"
        )
    try:
        text = line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise MalformedFileError(f"{file}: line {number} is not UTF-8; {expected}; save it as UTF-8") from error
    return Header(_canonical(_names_in(text), text, file, number, table), number, line.rstrip(b"\r\n"))


def _names_in(text: str) -> tuple[str, ...]:
    try:
        row = next(csv.reader(io.StringIO(text), strict=True), [])
    except csv.Error:
        row = text.split(",")
    return tuple(name.strip() for name in row)


def _canonical(names: tuple[str, ...], text: str, file: str, number: int, table: TableSpec) -> tuple[str, ...]:
    """The table's names for the file's columns."""
    found = {column.name: _places(names, column) for column in table.columns}
    missing = [column for column in table.columns if not found[column.name] and not column.optional]
    if missing:
        wanted = (
            f"{column.in_file} ({column.wanted_by})" if column.wanted_by else column.in_file for column in missing
        )
        raise MalformedFileError(
            f"{file}: has no column {', '.join(wanted)}; found {', '.join(names)[:300]}; "
            f"expected {','.join(table.names_in_file)}; {_advice(names, text, missing)}"
        )
    twice = sorted({names[place] for places in found.values() if len(places) > 1 for place in places})
    if twice:
        raise MalformedFileError(
            f"{file}: line {number}, the header, names {', '.join(map(repr, twice))} more than once; "
            "expected each column once; rename or remove one of them"
        )
    named = {places[0]: name for name, places in found.items() if places}
    return tuple(named.get(place, f"{UNUSED}{name}") for place, name in enumerate(names))


def _places(names: tuple[str, ...], column: ColumnSpec) -> list[int]:
    """Where the file has ``column``: by its name to the letter if there is such a one, else by one like it."""
    for alike in () if column.absent else (str, plain_name):
        for wanted in (column.in_file, column.name, *column.also):
            places = [place for place, name in enumerate(names) if alike(name) == alike(wanted)]
            if places:
                return places
    return []


def _advice(names: tuple[str, ...], text: str, missing: Sequence[ColumnSpec]) -> str:
    if text.startswith(LFS_POINTER):
        return "the file is a pointer of Git LFS, not the data: run git lfs pull"
    if any(_is_number(name) for name in names):
        return "the first line seems to be data: add a header line"
    if any(column.wanted_by for column in missing):
        return "correct the declaration, which names it, or add the column"
    return "add the column or rename the one that holds it"


def _is_number(name: str) -> bool:
    return name.replace(".", "", 1).removeprefix("-").isdigit()
