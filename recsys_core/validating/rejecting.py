"""Writes the accepted and the rejected rows of a table, and counts the rejected ones by reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys_core.dataset.ids import Ids
from recsys_core.dataset.numbering import positions_in
from recsys_core.dataset.schema import TableSpec
from recsys_core.dataset.table_folders import called
from recsys_core.reading import REJECTED_FILE, RejectedWriter
from recsys_core.validating.suites import RATING_COLUMN, Rule, distinct_columns, has_ratings
from recsys_core.validating.summary import Finding
from recsys_core.validating.wording import rejected_table

__all__ = ["ROWS_FILE", "ReasonCount", "RowWriter"]

ROWS_FILE: Final = "rows.parquet"
_EXAMPLES: Final = 3
_SHOWN_CHARACTERS: Final = 80


@dataclass(slots=True)
class ReasonCount:
    """Rejected rows that share a reason, with at most three of them as examples.

    leaves_out       whether they were declared to say nothing, and are no fault of the table
    lowest, highest  of the numbers that the reason is about, where it is about one column of numbers
    """

    reason: str
    expectation: str | None
    column: str | None
    leaves_out: bool = False
    n_rows: int = 0
    examples: list[str] = field(default_factory=list)
    lowest: float | None = None
    highest: float | None = None

    def add(self, rejected: pa.Table, values: pa.ChunkedArray | None = None) -> None:
        """Count rows in REJECTED_SCHEMA that have this reason; ``values`` are the numbers at fault."""
        self.n_rows += rejected.num_rows
        if values is not None and values.null_count < len(values):
            found = pc.min_max(values).as_py()
            self.lowest = found["min"] if self.lowest is None else min(self.lowest, found["min"])
            self.highest = found["max"] if self.highest is None else max(self.highest, found["max"])
        for row in rejected.slice(0, _EXAMPLES - len(self.examples)).to_pylist():
            said = row["reason"] if row["expectation"] else repr(row["text"][:_SHOWN_CHARACTERS])
            self.examples.append(f"{said} (line {row['line']})")

    def __str__(self) -> str:
        where = f"{self.expectation} on {self.column or 'the table'}" if self.expectation else f"reading, {self.reason}"
        rows = "1 row" if self.n_rows == 1 else f"{self.n_rows} rows"
        return f"{where}, {rows}: {'; '.join(self.examples)}"

    def finding(self, table: str, file: str) -> Finding:
        what = "" if self.expectation else f", {self.reason}"  # examples of expectations say it
        rows = "1 row" if self.n_rows == 1 else f"{self.n_rows:,} rows"
        kind, done = ("unrated", "left out") if self.leaves_out else ("rejected", "rejected")
        message = f"{table} ({file}): {rows} {done}{what}: {'; '.join(self.examples)}"
        return Finding("warning", table, self.column, kind, self.n_rows, message)


class RowWriter:
    """Writes ``rows.parquet`` and ``rejected.parquet`` into ``directory``. Use as a context manager.

    counts    rejected rows by reason (a reason without a row's values)
    distinct  for each column that needs several values, how many different accepted ones there are
    highest   accepted rating, where the table has ratings; a row without a value counts as 1
    names     what the numbers of text ids are called, by column
    """

    def __init__(self, directory: Path, table: TableSpec, file: str, *, names: Mapping[str, Ids] | None = None) -> None:
        self.counts: dict[str, ReasonCount] = {}
        self._seen = {name: np.zeros(0, dtype=np.int64) for name in distinct_columns(table)}
        self.n_accepted = 0
        self.highest: float | None = None
        self._table = table
        self._file = file
        self._names = names or {}
        self._rejected = RejectedWriter(directory, file)
        self._rows = pq.ParquetWriter(directory / ROWS_FILE, table.arrow_schema, compression="zstd")

    @property
    def distinct(self) -> dict[str, int]:
        return {name: len(values) for name, values in self._seen.items()}

    def most_frequent(self) -> list[ReasonCount]:
        """The reasons, that of most rows first and what was left out last; the order of rows decides nothing."""
        return sorted(self.counts.values(), key=lambda count: (count.leaves_out, -count.n_rows, count.reason))

    @property
    def n_left_out(self) -> int:
        """Of the rejected rows, those that were declared to say nothing."""
        return sum(count.n_rows for count in self.counts.values() if count.leaves_out)

    @property
    def n_rejected(self) -> int:
        return self._rejected.n_rows

    def add_unreadable(self, raw_directory: Path) -> None:
        """Take over the rows that reading refused."""
        for batch in pq.ParquetFile(raw_directory / REJECTED_FILE).iter_batches():
            rejected = pa.Table.from_batches([batch])
            self._rejected.add_table(rejected)
            for kind in rejected.group_by(["column", "reason"]).aggregate([]).to_pylist():
                same_column = pc.fill_null(pc.equal(rejected["column"], kind["column"]), kind["column"] is None)
                same = rejected.filter(pc.and_(same_column, pc.equal(rejected["reason"], kind["reason"])))
                reason = f"{kind['column']}: {kind['reason']}" if kind["column"] else kind["reason"]
                self._counted(ReasonCount(reason, None, kind["column"])).add(same)

    def add_chunk(
        self, chunk: pa.Table, first_broken: NDArray[np.uint8], rules: Sequence[Rule], remarks: "Remarks"
    ) -> None:
        """Write a chunk: rows with ``first_broken`` 0 are accepted, number i says that rule i - 1 rejects the row."""
        accepted = chunk.filter(pa.array(first_broken == 0)) if first_broken.any() else chunk
        if accepted.num_rows:
            accepted = accepted.select(list(self._table.column_names)).cast(self._table.arrow_schema)
            self._rows.write_table(accepted)
            self.n_accepted += accepted.num_rows
            if has_ratings(self._table):
                found = pc.max(accepted[RATING_COLUMN]).as_py()
                found = 1.0 if found is None else found
                self.highest = found if self.highest is None else max(self.highest, found)
            for name, values in self._seen.items():
                found = pc.unique(accepted[name]).to_numpy()
                new = found[positions_in(values, found) < 0]
                self._seen[name] = np.sort(np.concatenate([values, new])) if len(new) else values
        if accepted.num_rows < chunk.num_rows:
            self._rejected.add_table(self._rejected_rows(chunk, first_broken, rules, remarks))

    def _rejected_rows(
        self, chunk: pa.Table, first_broken: NDArray[np.uint8], rules: Sequence[Rule], remarks: "Remarks"
    ) -> pa.Table:
        """The rejected rows of a chunk in their order, rule by rule in words."""
        parts, positions = [], []
        for number in np.unique(first_broken[first_broken > 0]).tolist():
            rule = rules[number - 1]
            places = np.flatnonzero(first_broken == number)
            rows = chunk.take(pa.array(places))
            added = [remarks.get(line, "") for line in rows["line"].to_pylist()] if remarks else None
            rejected = rejected_table(called(rows, self._names), rule, file=self._file, remarks=added)
            count = ReasonCount(rule.reason, rule.expectation, rule.column, rule.leaves_out)
            self._counted(count).add(rejected, _numbers(rows, rule))
            parts.append(rejected)
            positions.append(places)
        return pa.concat_tables(parts).take(pa.array(np.argsort(np.concatenate(positions))))

    def _counted(self, new: ReasonCount) -> ReasonCount:
        return self.counts.setdefault(new.reason, new)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._rejected.close()
        self._rows.close()


def _numbers(rows: pa.Table, rule: Rule) -> pa.ChunkedArray | None:
    """The column that ``rule`` is about, if it is one of numbers."""
    if len(rule.columns) != 1 or pa.types.is_string(rows[rule.columns[0]].type):
        return None
    return rows[rule.columns[0]]


Remarks = dict[int, str]
"""What is added to a row's reason, by its line."""
