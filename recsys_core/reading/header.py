"""The first lines of a CSV file: encoding, delimiter, column names."""

import csv
import io
from dataclasses import dataclass
from typing import BinaryIO

from recsys_core.dataset.schema import TableSpec
from recsys_core.errors import MalformedFileError

__all__ = ["Header", "read_header"]

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
_OTHER_DELIMITERS = (("::", "'::'"), (";", "';'"), ("\t", "a tab"), ("|", "'|'"))


@dataclass(frozen=True, slots=True)
class Header:
    """Column names in the file's order, and the number of the line on which they stand (1 unless lines are blank)."""

    names: tuple[str, ...]
    line: int


def read_header(stream: BinaryIO, file: str, table: TableSpec, *, max_line_bytes: int) -> Header:
    """Read up to the end of the header line and check it against ``table``.

    Columns are matched by name, in any order; more columns than declared are fine. Raises MalformedFileError.
    """
    expected = f"expected UTF-8 CSV text with the header {','.join(table.column_names)}"
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
    names = _names_in(text)
    _check_names(names, text, file, number, table)
    return Header(names, number)


def _names_in(text: str) -> tuple[str, ...]:
    try:
        row = next(csv.reader(io.StringIO(text), strict=True), [])
    except csv.Error:
        row = text.split(",")
    return tuple(name.strip() for name in row)


def _check_names(names: tuple[str, ...], text: str, file: str, number: int, table: TableSpec) -> None:
    missing = [name for name in table.column_names if name not in names]
    if missing:
        raise MalformedFileError(
            f"{file}: line {number}, the header, has no column {', '.join(missing)}; found "
            f"{', '.join(names)[:300]}; expected {','.join(table.column_names)}; " + _advice(names, text, missing)
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise MalformedFileError(
            f"{file}: line {number}, the header, names {', '.join(map(repr, twice))} more than once; "
            "expected each column once; rename or remove one of them"
        )


def _advice(names: tuple[str, ...], text: str, missing: list[str]) -> str:
    if len(names) <= 1:
        for delimiter, shown in _OTHER_DELIMITERS:
            if delimiter in text:
                return f"the file seems to be separated by {shown}: separate it by commas"
    lower = {name.lower(): name for name in names}
    alike = [f"{lower[name.lower()]} to {name}" for name in missing if name.lower() in lower]
    if alike:
        return f"rename {', '.join(alike)}"
    if all(name.replace(".", "", 1).replace("-", "", 1).isdigit() for name in names[:2]):
        return "the first line seems to be data: add a header line"
    return "add the column or rename the one that holds it"
