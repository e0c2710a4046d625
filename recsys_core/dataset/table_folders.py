"""Tables as values of assets: a folder of Parquet files and a summary, passed by reference, never held whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys_core.dataset.ids import INTEGERS, Ids
from recsys_core.storage import link_or_copy, read_manifest, write_manifest

__all__ = ["CleanTable", "RawTable", "TableFolder", "called", "ids_path", "link_ids", "text_ids"]

ROWS, REJECTED = "rows.parquet", "rejected.parquet"
_IDS = ".ids.parquet"


def ids_path(directory: Path, column: str) -> Path:
    """Where the folder of a table keeps what the numbers of a column of text ids are called."""
    return directory / f"{column}{_IDS}"


def text_ids(directory: Path) -> dict[str, Ids]:
    """Of each column of text ids, what its numbers are called."""
    return {path.name.removesuffix(_IDS): Ids.load(path) for path in sorted(directory.glob(f"*{_IDS}"))}


def called(rows: pa.Table, names: Mapping[str, Ids]) -> pa.Table:
    """``rows`` with the texts of text ids in place of their numbers; ``names`` by column."""
    for name, ids in names.items():
        numbers = rows[name].combine_chunks()
        empty = numbers.is_null()
        texts = pa.array([str(text) for text in ids.names_of(numbers.fill_null(0).to_numpy())], type=pa.string())
        shown = pc.if_else(empty, pa.scalar(None, pa.string()), texts)
        rows = rows.set_column(rows.column_names.index(name), name, shown)
    return rows


def link_ids(directory: Path, into: Path) -> None:
    """The same for another folder with rows of the same file."""
    for path in directory.glob(f"*{_IDS}"):
        link_or_copy(path, into / path.name)


@dataclass(frozen=True, slots=True)
class TableFolder:
    """Base of both: where the rows are, and the summary of how they came to be there."""

    directory: Path
    summary: dict[str, Any]

    def save(self, directory: Path) -> None:
        for name in (ROWS, REJECTED):
            link_or_copy(self.directory / name, directory / name)
        link_ids(self.directory, directory)
        write_manifest(directory, type(self).__name__, summary=self.summary)

    @classmethod
    def load(cls, directory: Path) -> Self:
        return cls(directory, read_manifest(directory, cls.__name__)["summary"])

    @property
    def usable(self) -> bool:
        """False when a table-level fault stops everything made from it."""
        return not self.summary.get("faults")

    @property
    def rows_path(self) -> Path:
        return self.directory / ROWS

    @property
    def rejected_path(self) -> Path:
        return self.directory / REJECTED

    def ids(self, column: str) -> Ids:
        """What the numbers of ``column`` are called."""
        path = ids_path(self.directory, column)
        return Ids.load(path) if path.is_file() else INTEGERS

    @property
    def n_rows(self) -> int:
        return int(pq.read_metadata(self.rows_path).num_rows)

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """All rows, of the given columns only."""
        return pq.read_table(self.rows_path, columns=columns)

    def head(self, n_rows: int) -> pa.Table:
        """The first rows, ids as the files have them."""
        return called(_head(self.rows_path, n_rows), text_ids(self.directory))

    def rejected_head(self, n_rows: int) -> pa.Table:
        return _head(self.rejected_path, n_rows)


def _head(path: Path, n_rows: int) -> pa.Table:
    with pq.ParquetFile(path) as opened:
        batches = list(_first_batches(opened, n_rows))
        return pa.Table.from_batches(batches, schema=opened.schema_arrow).slice(0, n_rows)


def _first_batches(opened: pq.ParquetFile, n_rows: int) -> list[pa.RecordBatch]:
    taken, batches = 0, []
    for batch in opened.iter_batches(batch_size=max(n_rows, 1)):
        batches.append(batch)
        taken += batch.num_rows
        if taken >= n_rows:
            break
    return batches


class RawTable(TableFolder):
    """A CSV file as typed Parquet with the line number of every row; unreadable lines apart."""

    __slots__ = ()


class CleanTable(TableFolder):
    """The accepted rows of a table and, apart, the rejected ones with their reasons."""

    __slots__ = ()
