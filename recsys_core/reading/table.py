"""CSV file → typed Parquet and the rows that were refused, in constant memory."""

import os
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys_core.blockwise import side_by_side
from recsys_core.dataset.schema import TableSpec
from recsys_core.dataset.table_folders import ids_path
from recsys_core.errors import MalformedFileError, ParameterError
from recsys_core.reading.convert import BlockReader, ConvertedBlock
from recsys_core.reading.header import UNUSED, Header, read_header
from recsys_core.reading.line_guard import LineGuard
from recsys_core.reading.numbering import Numbering
from recsys_core.reading.opening import content_digest, open_csv
from recsys_core.reading.rejected import RejectedWriter
from recsys_core.storage import file_sha256

__all__ = [
    "ROWS_FILE",
    "ReadSummary",
    "RowsWriter",
    "TableWriter",
    "read_or_leave_out",
    "read_table",
    "write_absent_table",
]

ROWS_FILE: Final = "rows.parquet"
"""Name of the file of accepted rows."""
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ReadSummary:
    """What reading one table gave: ``n_rows`` = ``n_accepted`` + ``n_rejected``; blank lines are not rows.

    ``file`` is the file's name and ``sha256`` the hash of its content; both are None for an optional table
    without a file. ``absent`` are declared columns that the file does not have, ``unused`` columns of the file that
    nothing is made of, ``emptied`` says how many cells of a column were taken for empty, ``examples`` how the first of
    them begins that could not be read, ``fault`` why a table that is only shown was left out. Of a gathered table the
    rows are the different keys, and neither absent nor unused columns are told: the file is another table's.
    """

    table: str
    file: str | None
    sha256: str | None
    n_rows: int
    n_accepted: int
    n_rejected: int
    absent: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    emptied: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_table(
    csv_path: Path,
    table: TableSpec,
    directory: Path,
    *,
    row_group_rows: int = 1_000_000,
    max_line_bytes: int = 1 << 20,
    block_bytes: int = _BLOCK_BYTES,
    threads: int | None = None,
) -> ReadSummary:
    """Read ``csv_path`` into ``directory``/rows.parquet and ``directory``/rejected.parquet.

    rows.parquet has the declared columns, by name and in declared order, and ``line``, the row's line number in
    the file (a header is line 1; of Parquet the row's); empty fields are null; the texts of text ids are in a file
    beside it, :func:`recsys_core.dataset.table_folders.ids_path`. ``directory`` exists. Memory depends on
    ``row_group_rows`` and ``block_bytes``, not on the file. Every row of the file is in exactly one of the two.

    The file is CSV as in RFC 4180, in UTF-8 with or without byte order mark, its lines end in LF or CRLF; or it becomes
    such text: :mod:`recsys_core.reading.opening`. Line breaks inside a field become spaces. Raises MissingFileError for
    a file that is not there and MalformedFileError for one whose header or encoding is not the declared one; nothing is
    written then, unless a packed file turns out to be damaged on the way.
    """
    for name, value in (
        ("row_group_rows", row_group_rows),
        ("max_line_bytes", max_line_bytes),
        ("block_bytes", block_bytes),
    ):
        if value < 1:
            raise ParameterError(f"{name} is {value}; expected at least 1")
    with open_csv(csv_path, table.format) as opened:
        header = read_header(opened.stream, str(csv_path), table.as_in_file, max_line_bytes=max_line_bytes)
        guard = LineGuard(
            opened.stream,
            header_line=header.line - opened.writes_header,
            n_columns=len(header.names),
            max_line_bytes=max_line_bytes,
            block_bytes=block_bytes,
        )
        threads = threads or min(4, os.cpu_count() or 1)
        with TableWriter(directory, table, header, csv_path.name, row_group_rows=row_group_rows) as writer:
            for converted in side_by_side(writer.reader.read, guard, threads=threads):
                writer.add(converted)
        return writer.summary(opened.sha256())


def read_or_leave_out(
    path: Path | None,
    table: TableSpec,
    directory: Path,
    read: Callable[[Path, TableSpec, Path], ReadSummary] = read_table,
) -> ReadSummary:
    """What ``read`` gives; an optional table without a file, or one that is only shown and cannot be read, is empty."""
    if path is None:
        return write_absent_table(table, directory)
    try:
        return read(path, table, directory)
    except MalformedFileError as error:
        if not table.shown_only:
            raise
        absent, content = write_absent_table(table, directory), content_digest(path, file_sha256)
        return replace(absent, file=path.name, sha256=content, fault=str(error))


def write_absent_table(table: TableSpec, directory: Path) -> ReadSummary:
    """Write empty rows.parquet and rejected.parquet for an optional table that has no file."""
    with RowsWriter(directory, Numbering(table).schema), RejectedWriter(directory, ""):
        pass
    return ReadSummary(table.name, None, None, 0, 0, 0)


class TableWriter:
    """Writes what is read of one table, its rows, refused rows and ids, and counts it. Use as a context manager.

    reader     converts blocks for it
    numbering  knows the texts of ids
    """

    def __init__(
        self, directory: Path, table: TableSpec, header: Header, file: str, *, row_group_rows: int = 1_000_000
    ) -> None:
        self.reader, self.numbering = BlockReader(table, header), Numbering(table)
        self.emptied: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self.n_rows = self.n_rejected = 0
        self._directory, self._table, self._header, self._file = directory, table, header, file
        self._new = _New(table.key[0]) if table.gathered else None
        self._rows = RowsWriter(
            directory, self.numbering.schema, row_group_rows=row_group_rows, scattered=table.text_ids
        )
        self._rejected = RejectedWriter(directory, file)

    def add(self, converted: ConvertedBlock) -> None:
        """Append what a block gave: rows, refused ones, and how many cells were taken for empty."""
        self.add_rows(self.numbering.of(converted.rows))
        if self._new is None:
            self._rejected.add(converted.rejected)
            self.emptied.update(converted.emptied)
            self.examples = converted.examples | self.examples

    def add_rows(self, rows: pa.Table | None) -> None:
        """Append rows with numbers for ids."""
        if rows is not None:
            self._rows.add(rows if self._new is None else self._new.of(rows))

    def add_rejected(self, rejected: pa.Table) -> None:
        """Append rows that were refused before."""
        self._rejected.add_table(rejected)

    def summary(self, sha256: str) -> ReadSummary:
        """Of a file whose content has this digest; after the end."""
        gathered, names = self._table.gathered, self._header.names
        return ReadSummary(
            table=self._table.name,
            file=self._file,
            sha256=sha256,
            n_rows=self.n_rows + self.n_rejected,
            n_accepted=self.n_rows,
            n_rejected=self.n_rejected,
            absent=() if gathered else tuple(name for name in self._table.column_names if name not in names),
            unused=() if gathered else tuple(n.removeprefix(UNUSED) for n in names if n.startswith(UNUSED)),
            emptied=dict(self.emptied),
            examples=self.examples,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.add_rows(self.numbering.rest())
        self._rejected.close()
        self._rows.close()
        self.n_rows, self.n_rejected = self._rows.n_rows, self._rejected.n_rows
        if error is None:
            for name, ids in self.numbering.ids().items():
                ids.save(ids_path(self._directory, name))


class _New:
    """Rows whose id no row had before."""

    def __init__(self, column: str) -> None:
        self._column = column
        self._seen: set[int] = set()

    def of(self, rows: pa.Table) -> pa.Table:
        ids, places = np.unique(rows[self._column].drop_null().to_numpy(), return_index=True)
        fresh = [place for one, place in zip(ids.tolist(), places.tolist(), strict=True) if one not in self._seen]
        self._seen.update(ids.tolist())
        return rows.filter(pc.is_valid(rows[self._column])).take(pa.array(sorted(fresh), pa.int64()))


class RowsWriter:
    """Writes rows.parquet in row groups of ``row_group_rows`` from tables of any size.

    ``scattered`` are columns of numbers that are anywhere: the numbers of texts.
    """

    def __init__(
        self, directory: Path, schema: pa.Schema, *, row_group_rows: int = 1_000_000, scattered: Collection[str] = ()
    ) -> None:
        self.n_rows = 0
        self._row_group_rows = row_group_rows
        self._pending: list[pa.Table] = []
        self._n_pending = 0
        # Measured on ratings: differences of whole numbers are a quarter smaller than plain ones, twice as fast
        # to write and to read.
        whole = [field.name for field in schema if pa.types.is_integer(field.type) and field.name not in scattered]
        self._writer = pq.ParquetWriter(
            directory / ROWS_FILE,
            schema,
            compression="zstd",
            use_dictionary=[name for name in schema.names if name not in whole],
            column_encoding=dict.fromkeys(whole, "DELTA_BINARY_PACKED"),
        )

    def add(self, rows: pa.Table) -> None:
        """Append rows."""
        self.n_rows += rows.num_rows
        self._n_pending += rows.num_rows
        self._pending.append(rows)
        if self._n_pending >= self._row_group_rows:
            pending = pa.concat_tables(self._pending)
            whole = self._n_pending - self._n_pending % self._row_group_rows
            self._writer.write_table(pending.slice(0, whole), row_group_size=self._row_group_rows)
            self._pending = [pending.slice(whole)]
            self._n_pending -= whole

    def close(self) -> None:
        if self._n_pending:
            self._writer.write_table(pa.concat_tables(self._pending), row_group_size=self._row_group_rows)
        self._pending, self._n_pending = [], 0
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
