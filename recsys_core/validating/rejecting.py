"""Writes the accepted and the rejected rows of a table, and counts the rejected ones by reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys_core.dataset.interactions import positions_in
from recsys_core.dataset.schema import TableSpec
from recsys_core.reading.rejected import MAX_TEXT_CHARACTERS, REJECTED_FILE, RejectedRow, RejectedWriter, readable_text
from recsys_core.validating.suites import Rule, distinct_columns
from recsys_core.validating.tally import shown_values

__all__ = ["ROWS_FILE", "ReasonCount", "RowWriter"]

ROWS_FILE: Final = "rows.parquet"
_EXAMPLES: Final = 3


@dataclass(slots=True)
class ReasonCount:
    """Rejected rows that share a reason, with at most three of them as examples."""

    reason: str
    expectation: str | None
    column: str | None
    n_rows: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, row: RejectedRow) -> None:
        self.n_rows += 1
        if len(self.examples) < _EXAMPLES:
            said = row.reason if row.expectation else f"{row.text[:80]!r}"
            self.examples.append(f"{said} (line {row.line})")

    def __str__(self) -> str:
        where = f"{self.expectation} on {self.column or 'the table'}" if self.expectation else f"reading, {self.reason}"
        rows = "1 row" if self.n_rows == 1 else f"{self.n_rows} rows"
        return f"{where}, {rows}: {'; '.join(self.examples)}"


class RowWriter:
    """Writes ``rows.parquet`` and ``rejected.parquet`` into ``directory``. Use as a context manager.

    counts    rejected rows by reason (a reason without a row's values)
    distinct  for each column that needs several values, how many different accepted ones there are
    """

    def __init__(self, directory: Path, table: TableSpec, file: str) -> None:
        self.counts: dict[str, ReasonCount] = {}
        self._seen = {name: np.zeros(0, dtype=np.int64) for name in distinct_columns(table)}
        self.n_accepted = 0
        self._table = table
        self._rejected = RejectedWriter(directory, file)
        self._rows = pq.ParquetWriter(directory / ROWS_FILE, table.arrow_schema, compression="zstd")

    @property
    def distinct(self) -> dict[str, int]:
        return {name: len(values) for name, values in self._seen.items()}

    @property
    def n_rejected(self) -> int:
        return self._rejected.n_rows

    def add_unreadable(self, raw_directory: Path) -> None:
        """Take over the rows that reading refused."""
        for batch in pq.ParquetFile(raw_directory / REJECTED_FILE).iter_batches():
            self._rejected.add_table(pa.Table.from_batches([batch]))
            for entry in batch.select(["line", "reason", "text", "column", "expectation"]).to_pylist():
                self._count(entry["reason"], RejectedRow(**entry))

    def add_chunk(
        self, chunk: pa.Table, first_broken: NDArray[np.uint8], rules: Sequence[Rule], remarks: "Remarks"
    ) -> None:
        """Write a chunk: rows with ``first_broken`` 0 are accepted, number i says that rule i - 1 rejects the row."""
        accepted = chunk.filter(pa.array(first_broken == 0)) if first_broken.any() else chunk
        if accepted.num_rows:
            accepted = accepted.select(list(self._table.column_names)).cast(self._table.arrow_schema)
            self._rows.write_table(accepted)
            self.n_accepted += accepted.num_rows
            for name, values in self._seen.items():
                found = pc.unique(accepted[name]).to_numpy()
                new = found[positions_in(values, found) < 0]
                self._seen[name] = np.sort(np.concatenate([values, new])) if len(new) else values
        if accepted.num_rows < chunk.num_rows:
            self._rejected.add(self._rejected_rows(chunk, first_broken, rules, remarks))

    def _rejected_rows(
        self, chunk: pa.Table, first_broken: NDArray[np.uint8], rules: Sequence[Rule], remarks: "Remarks"
    ) -> Iterator[RejectedRow]:
        positions = np.flatnonzero(first_broken)
        broken = chunk.take(pa.array(positions))
        for number, row in enumerate(broken.to_pylist()):
            rule = rules[first_broken[positions[number]] - 1]
            line = row.pop("line")
            reason = rule.reason_for(shown_values(row, rule.columns)) + remarks.get(line, "")
            rejected = RejectedRow(line, reason, _line_of(row), rule.column, rule.expectation)
            self._count(rule.reason, rejected)
            yield rejected

    def _count(self, reason: str, row: RejectedRow) -> None:
        self.counts.setdefault(reason, ReasonCount(reason, row.expectation, row.column)).add(row)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._rejected.close()
        self._rows.close()


def _line_of(row: Mapping[str, Any]) -> str:
    """The row as a line of CSV, without quotation marks; as readable as the lines that reading refused."""
    text = ",".join("" if value is None else str(value) for value in row.values())
    if len(text) <= MAX_TEXT_CHARACTERS and text.isprintable():  # almost always, and ten times faster
        return text
    return readable_text(text[: 2 * MAX_TEXT_CHARACTERS].encode())


Remarks = dict[int, str]
"""What is added to a row's reason, by its line."""
