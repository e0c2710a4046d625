"""What a data set is declared as: its tables, their columns and files, its scale."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import Any

import pyarrow as pa

from recsys_core.dataset.addresses import Address
from recsys_core.dataset.columns import ColumnSpec
from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.relevance import RelevanceParameters
from recsys_core.errors import ParameterError

__all__ = [
    "DatasetSpec",
    "FileFormat",
    "TableSpec",
]


@dataclass(frozen=True, slots=True)
class FileFormat:
    """What a table's file says nowhere itself; of Parquet and JSON lines nothing of it counts.

    separator  between the columns; where it is not given, that of the file's ending or of its header
    names      of the columns, in order, where the file has no header
    encoding   of the text
    quoted     whether cells are quoted as in RFC 4180
    flags      columns of 0 and 1 in whose place the names of those that are 1 become one column, ``genres``
    """

    separator: str = ""
    names: tuple[str, ...] = ()
    encoding: str = "utf-8"
    quoted: bool = True
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One declared table: its files' names without ending, its columns, its key and its references.

    ``name`` is its role, by which code finds it; ``called`` is what people see it called, if that is another name.
    ``file`` is a path, or a pattern of one, in the data folder; without it the stems with every ending are tried.
    ``key`` columns are unique together. ``keep_newest_by`` names the column by which one of several rows
    with the same key is kept; where it ``repeats``, all of them are, for whoever reads the table to add up.
    ``references`` maps a column to the (table, column) in which it must occur.
    Of a table that is ``shown_only`` nothing is learnt: one that cannot be used is left out, and told.
    A table that is ``gathered`` has the different keys in another table's file: nothing else is read of it, and what
    cannot be read is that table's.
    """

    name: str
    columns: tuple[ColumnSpec, ...]
    required: bool
    key: tuple[str, ...]
    file_stems: tuple[str, ...] = ()
    keep_newest_by: str | None = None
    repeats: bool = False
    gathered: bool = False
    shown_only: bool = False
    references: tuple[tuple[str, str, str], ...] = ()  # (column, other table, other column)
    description: str = ""
    format: FileFormat = FileFormat()
    file: str = ""
    called: str = ""

    @property
    def shown(self) -> str:
        """What people see it called."""
        return self.called or self.name

    @property
    def file_in_words(self) -> str:
        """What it is read from; empty where a declaration names no file."""
        return self.file or next((f"{stem}.csv" for stem in self.file_stems), "")

    def column(self, name: str) -> ColumnSpec:
        """The column of this canonical name; :class:`ParameterError` where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise ParameterError(
            f"table {self.shown} declares no column {name!r}; it declares {', '.join(self.column_names)}"
        )

    @property
    def as_in_file(self) -> "TableSpec":
        """The table with the columns alone that its file may have."""
        if not self.gathered:
            return self
        return replace(self, columns=tuple(column for column in self.columns if column.name in self.key))

    def without_values_of(self, absent: Collection[str]) -> "TableSpec":
        """The table of a file that lacks the columns ``absent``: they are empty, and nothing is judged by them."""
        columns = tuple(replace(c, nullable=True) if c.name in absent else c for c in self.columns)
        newest = None if self.keep_newest_by in absent else self.keep_newest_by
        return replace(self, columns=columns, keep_newest_by=newest)

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def text_ids(self) -> tuple[str, ...]:
        """Columns of which the table has numbers and the file texts."""
        return tuple(column.name for column in self.columns if column.type == "text id")

    @property
    def names_in_file(self) -> tuple[str, ...]:
        """What a header must have, as files spell it."""
        return tuple(column.in_file for column in self.columns if not column.optional)

    @property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, c.arrow_type, nullable=c.may_be_null) for c in self.columns])


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """A data set: its tables, its rating scale, the first plausible moment of a timestamp, and what counts as liked.

    ``unrated`` stands for no rating where a file has one for everybody who met an item: it lies beside the scale.
    ``picture`` and ``link`` make an item's addresses of its columns.
    """

    name: str
    tables: tuple[TableSpec, ...]
    feedback: Feedback
    earliest_timestamp: int
    relevance: RelevanceParameters
    unrated: float | None = None
    picture: Address | None = None
    link: Address | None = None

    def table(self, name: str) -> TableSpec:
        """The table of this name; :class:`ParameterError` where there is none."""
        for table in self.tables:
            if table.name == name:
                return table
        raise ParameterError(f"data set {self.name} declares no table {name!r}")

    def deciding(self) -> dict[str, Any]:
        """All of it that decides a value, as JSON can hold it: what its tables are called decides none."""
        content = asdict(self)
        for table in content["tables"]:
            del table["called"]
        return content

    def with_text_ids(self, names: Collection[str]) -> "DatasetSpec":
        """The same with texts for ids in the columns ``names`` of every table."""

        def changed(table: TableSpec) -> TableSpec:
            columns = (replace(column, type="text id") if column.name in names else column for column in table.columns)
            return replace(table, columns=tuple(columns))

        return replace(self, tables=tuple(map(changed, self.tables)))
