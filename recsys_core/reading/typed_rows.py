"""Parquet and JSON lines as CSV."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from recsys_core.errors import MalformedFileError

__all__ = ["json_lines_as_csv", "parquet_as_csv"]

_BATCH_ROWS: Final = 50_000


def parquet_as_csv(path: Path) -> Iterator[bytes]:
    try:
        with pq.ParquetFile(path) as source:
            for number, batch in enumerate(source.iter_batches(_BATCH_ROWS)):
                yield _written(pa.Table.from_batches([batch]), header=number == 0)
            if source.metadata.num_rows == 0:
                yield _written(source.schema_arrow.empty_table(), header=True)
    except (pa.ArrowException, OSError) as error:
        raise MalformedFileError(f"{path}: cannot be read as Parquet ({error}); write it again") from error


def json_lines_as_csv(path: Path, raw: BinaryIO, names: list[str]) -> Iterator[bytes]:
    """Objects, one a line; the columns are ``names``, or else the names that the first 50,000 of them have.

    A line that is no object becomes a row with another number of cells, which is rejected where rows are read. Where no
    line is one, the file is no such file: a MalformedFileError.
    """
    rows: list[dict[str, Any] | str] = []
    for line in raw:
        rows.append(_object(line))
        if len(rows) >= _BATCH_ROWS:
            yield _rows_as_csv(path, rows, names)
            rows = []
    yield _rows_as_csv(path, rows, names)


def _object(line: bytes) -> dict[str, Any] | str:
    """The JSON object of a line, {} for a blank one; the text of what is none."""
    try:
        found = json.loads(line) if line.strip() else {}
    except (ValueError, RecursionError):  # ValueError: bytes that are no text, too
        found = None
    return found if isinstance(found, dict) else line.decode("utf-8", errors="replace").strip()


def _rows_as_csv(path: Path, rows: list[dict[str, Any] | str], names: list[str]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if not names:
        names.extend(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
        if not names and any(isinstance(row, str) for row in rows):
            number, text = next((number, row) for number, row in enumerate(rows, 1) if isinstance(row, str))
            raise MalformedFileError(f"{path}: line {number} is no JSON object: {text[:60]}; expected an object a line")
        writer.writerow(names)
    for row in rows:
        if isinstance(row, str):
            writer.writerow([_cell(row), ""] if len(names) == 1 else [_cell(row)])
        else:
            writer.writerow([_cell(row.get(name)) for name in names] if row else [])
    return out.getvalue().encode("utf-8", errors="replace")


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
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
    if pa.types.is_timestamp(kind):
        return pc.cast(column, pa.timestamp("s", kind.tz), safe=False).cast(pa.int64())
    if pa.types.is_decimal(kind):
        return column.cast(pa.float64())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):  # texts, as Hive and Impala write them
        column, kind = _as_text(column), pa.string()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pc.replace_substring_regex(column, "[\r\n]+", " ")
    if pa.types.is_primitive(kind) and not pa.types.is_duration(kind):
        return column
    return pa.array([_cell(value) for value in column.to_pylist()], type=pa.string())


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:  # not UTF-8
        texts = [None if value is None else value.decode("utf-8", errors="replace") for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
