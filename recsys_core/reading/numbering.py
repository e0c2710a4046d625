"""Numbers in place of the texts of ids, for many blocks of rows at once."""

from collections.abc import Mapping
from typing import Final

import pyarrow as pa

from recsys_core.dataset.ids import Ids, TextNumbers
from recsys_core.dataset.schema import TableSpec

__all__ = ["Numbering"]

_AT_ONCE: Final = 500_000  # rows: a text in the blocks of so many is looked up once


class Numbering:
    """Puts numbers in place of a table's text ids, and keeps the texts.

    Blocks wait until they are worth it: pyarrow finds the different texts of all of them, and Python meets each once.

    schema  of rows with numbers: the declared columns, and ``line``
    """

    def __init__(self, table: TableSpec) -> None:
        self._texts = {name: TextNumbers() for name in table.text_ids}
        # Empty cells of any column are for validation to judge, so everything is nullable here.
        self.schema = pa.schema([*((c.name, c.arrow_type) for c in table.columns), ("line", pa.int64())])
        self._waiting: list[pa.Table] = []
        self._n_waiting = 0

    def of(self, rows: pa.Table) -> pa.Table | None:
        """The rows with numbers of all blocks that waited, these the last; None while they wait."""
        if not self._texts:
            return rows
        self._waiting.append(rows)
        self._n_waiting += rows.num_rows
        return self.rest() if self._n_waiting >= _AT_ONCE else None

    def rest(self) -> pa.Table | None:
        """The same of the blocks that still wait."""
        if not self._waiting:
            return None
        rows, self._waiting, self._n_waiting = pa.concat_tables(self._waiting), [], 0
        for name, numbers in self._texts.items():
            rows = rows.set_column(rows.column_names.index(name), name, numbers.of(rows[name]))
        return rows.cast(self.schema)

    def ids(self) -> dict[str, Ids]:
        """What the numbers of each column of text ids are called, as far as it was read."""
        return {name: numbers.ids() for name, numbers in self._texts.items()}

    def learn(self, ids: Mapping[str, Ids]) -> None:
        """Take over what another reader of the same table has met, by column."""
        for name, numbers in ids.items():
            if numbers.texts is not None:
                self._texts[name].of(numbers.texts)
