"""Facts about rows that need another table or the whole table, computed with NumPy instead of being searched for.

Great Expectations judges the derived boolean columns, so that Data Docs show a sentence ("item_id known in
movies"), never a set of 62,000 ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsys_core.dataset.numbering import positions_in
from recsys_core.dataset.schema import DatasetSpec, TableSpec
from recsys_core.errors import ParameterError
from recsys_core.validating.suites import known_column

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KeyColumns", "Repeats", "frame_of"]

_BITS = 31  # most ids fit into them, and then two ids into one int64
_MASK = (1 << _BITS) - 1
_BLOCK_ROWS = 1_000_000
_LARGEST_TABLED_ID = 50_000_000
_SIEVE_BITS = 22
_SIEVE_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # 2^64 divided by the golden ratio: spreads neighbouring keys

Known = Mapping[tuple[str, str], NDArray[np.int64]]


def frame_of(chunk: pa.Table, table: TableSpec, dataset: DatasetSpec, known: Known) -> "pd.DataFrame":
    """The declared columns of ``chunk`` and one boolean column per reference of ``table``."""
    frame: pd.DataFrame = chunk.select(list(table.column_names)).to_pandas()
    for column, other_table, other_column in table.references:
        ids = known.get((other_table, other_column))
        if ids is None:
            raise ParameterError(f"table {table.shown} refers to {other_table}.{other_column}; pass its known ids")
        values = pc.fill_null(chunk[column], 0).to_numpy()
        # An empty cell refers to nothing: whether it may be empty is another rule's question.
        frame[known_column(column, dataset.table(other_table))] = _is_among(values, ids) | np.asarray(
            pc.is_null(chunk[column])
        )
    return frame


def _is_among(values: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each of ``values`` is one of the sorted ``ids``."""
    if len(ids) == 0 or ids[0] < 0 or ids[-1] > _LARGEST_TABLED_ID:
        return positions_in(ids, values) >= 0
    known = np.zeros(int(ids[-1]) + 2, dtype=np.bool_)  # ten times faster than searching
    known[ids] = True
    return known[np.where(values < 0, len(known) - 1, np.minimum(values, len(known) - 1))]


@dataclass(frozen=True, slots=True, eq=False)
class Repeats:
    """Rows that repeat a key, by their number among all collected rows.

    losers   int64, ascending: rows that are not kept
    winners  int64, aligned: the row that is kept instead
    """

    losers: NDArray[np.int64]
    winners: NDArray[np.int64]


_NO_REPEATS = Repeats(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


@dataclass(slots=True)
class KeyColumns:
    """Collects the keys of a table's sound rows chunk by chunk: about 16 bytes for a pair of ids with its time.

    Pairs with an id outside 0 to 2^31 - 1 take 8 bytes more.
    """

    table: TableSpec
    _packs: bool = True
    _codes: list[list[NDArray[np.int64]]] = field(default_factory=list)
    _texts: dict[str, list[pa.ChunkedArray]] = field(default_factory=dict)
    _newest: list[NDArray[np.int64]] = field(default_factory=list)

    def add(self, chunk: pa.Table) -> None:
        """Add the sound rows of a chunk, in order."""
        numbers = [pc.fill_null(chunk[name], 0).to_numpy().view(np.int64) for name in self._numeric]
        if all(self.table.column(name).type in ("id", "text id") for name in self._numeric[:2]) and len(numbers) > 1:
            if self._packs and not all(_fits(column) for column in numbers[:2]):
                self._packs = False
                self._codes = [[codes[0] >> _BITS, codes[0] & _MASK, *codes[1:]] for codes in self._codes]
            if self._packs:  # at once: half the memory of keeping both
                numbers[:2] = [(numbers[0] << _BITS) | numbers[1]]
        self._codes.append(numbers)
        for name in self.table.key:
            if name not in self._numeric:
                self._texts.setdefault(name, []).append(chunk[name])
        if self.table.keep_newest_by:
            self._newest.append(pc.fill_null(chunk[self.table.keep_newest_by], 0).to_numpy())

    @property
    def _numeric(self) -> list[str]:
        return [name for name in self.table.key if self.table.column(name).type != "text"]

    def repeats(self) -> Repeats:
        """Which rows repeat a key; of those with the same key the newest is kept (of equal ones the last), or the
        first where the table does not say what is newest. Forgets what was collected."""
        keys = self._keys()
        if (keys[1:] > keys[:-1]).all():  # a file sorted by its key, as MovieLens publishes them
            self._newest = []
            return _NO_REPEATS
        ordered = np.sort(keys)
        repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        del ordered
        if len(repeated) == 0:
            self._newest = []
            return _NO_REPEATS
        rows = _rows_among(keys, repeated)
        if self.table.keep_newest_by:
            order = np.lexsort((rows, np.concatenate(self._newest)[rows], keys[rows]))
        else:
            order = np.lexsort((-rows, keys[rows]))
        self._newest = []
        rows, keys = rows[order], keys[rows[order]]
        last_of_key = np.append(keys[1:] != keys[:-1], True)
        ends = np.flatnonzero(last_of_key)
        winners = rows[ends[np.searchsorted(ends, np.arange(len(rows)))]]
        losers, winners = rows[~last_of_key], winners[~last_of_key]
        ascending = np.argsort(losers)
        return Repeats(losers[ascending], winners[ascending])

    def _keys(self) -> NDArray[np.int64]:
        """One int64 per row, equal exactly where the keys are equal."""
        if not self._codes:
            return np.zeros(0, dtype=np.int64)
        columns = [np.concatenate(parts) for parts in zip(*self._codes, strict=True)]
        self._codes = []
        for parts in self._texts.values():
            chunks = [piece for part in parts for piece in part.chunks]
            encoded = pa.chunked_array(chunks, type=pa.string()).combine_chunks().dictionary_encode()
            columns.append(pc.fill_null(encoded.indices, -1).to_numpy().astype(np.int64) + 1)
        self._texts = {}
        keys = columns[0]
        for column in columns[1:]:
            keys = (_small(keys) << _BITS) | _small(column)
        return keys


def _rows_among(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows whose key is one of the sorted ``wanted``; a small hash table sieves out most others before searching."""
    sieve = np.zeros(1 << _SIEVE_BITS, dtype=np.bool_)
    sieve[_sieve_places(wanted)] = True
    rows = []
    for start in range(0, len(keys), _BLOCK_ROWS):
        block = keys[start : start + _BLOCK_ROWS]
        candidates = np.flatnonzero(sieve[_sieve_places(block)])
        rows.append(start + candidates[positions_in(wanted, block[candidates]) >= 0])
    return np.concatenate(rows)


def _sieve_places(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    return ((keys.view(np.uint64) * _SIEVE_FACTOR) >> np.uint64(64 - _SIEVE_BITS)).astype(np.int64)


def _small(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same classes of equal values, numbered so that they fit into 31 bits."""
    if _fits(codes):
        return codes
    indices: NDArray[np.int32] = pa.array(codes).dictionary_encode().indices.to_numpy()  # faster than sorting
    return indices.astype(np.int64)


def _fits(codes: NDArray[np.int64]) -> bool:
    return len(codes) == 0 or bool(codes.min() >= 0 and codes.max() <= _MASK)
