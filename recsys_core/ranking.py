"""The k best items of every row: a threshold from group maxima, then a sort of the few that pass it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.blockwise import in_blocks
from recsys_core.errors import DataError, ParameterError, ShapeError
from recsys_core.splitting.hashing import hash_uniform

__all__ = ["NO_ITEM", "Ranking", "hide", "product_top_k", "tie_ranks", "top_k"]

NO_ITEM = -1
_BLOCK_FLOATS = 6_000_000  # scores in one block
_MANY = 2_000  # columns of a row that are sorted without a second look
_GROUPS = (64, 16)  # columns in a group, where there are enough groups of that size


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """The best items of several users: parallel arrays of shape (n_selected,), sorted by user, best first.

    Nothing is padded: a user with fewer items left than were asked for has fewer entries.
    """

    user_nums: NDArray[np.int64]
    item_nums: NDArray[np.int64]
    scores: NDArray[np.float32]

    @property
    def ranks(self) -> NDArray[np.int64]:
        """1 for each user's best item, and so on."""
        if len(self.user_nums) == 0:
            return np.zeros(0, dtype=np.int64)
        return np.arange(len(self.user_nums)) - np.searchsorted(self.user_nums, self.user_nums) + 1

    def padded(self, n_users: int, k: int) -> NDArray[np.int32]:
        """Item numbers, of shape (n_users, k); rows with fewer end in -1 (NO_ITEM)."""
        lists = np.full((n_users, k), NO_ITEM, dtype=np.int32)
        lists[self.user_nums, self.ranks - 1] = self.item_nums
        return lists


def hide(scores: NDArray[np.floating[Any]], seen: csr_matrix, *, place_of: NDArray[np.integer] | None = None) -> None:
    """Set to -inf, in place, the columns of ``scores`` (n_rows, at least n_items) with an entry in ``seen``.

    place_of  the column of each item in ``scores``, -1 for those that have none; None: the items are the columns
    """
    rows = np.repeat(np.arange(seen.shape[0]), np.diff(seen.indptr))
    places: NDArray[np.integer] = seen.indices
    if place_of is not None:
        places = place_of[places]
        rows, places = rows[places >= 0], places[places >= 0]
    scores[rows, places] = -np.inf


def tie_ranks(item_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order of items with equal scores, of shape (n_items,): by a hash of their ids.

    By number they would rank by age and fame, for a catalogue is numbered as it came: a model that knows nothing of a
    user would look as if it did.
    """
    return np.argsort(np.argsort(hash_uniform(0, "ties", item_ids), kind="stable")).astype(np.int64)


def top_k(
    scores: NDArray[np.floating[Any]],
    k: int,
    *,
    seen: csr_matrix | None = None,
    tie_rank: NDArray[np.integer] | None = None,
) -> Ranking:
    """The ``k`` best columns of each row, best first.

    scores    ndarray of shape (n_rows, n_columns), not changed; ``-inf`` marks a column that must never be returned
    seen      CSR of the same shape: columns with an entry are never returned
    tie_rank  ndarray of shape (n_columns,), unique: among equal scores the smaller comes first (:func:`tie_ranks`);
              without it, the smaller column number

    The k-th largest maximum over groups of columns is a lower bound of the k-th best score, so one pass for the
    maxima and one comparison leave a handful of columns per row to sort.

    Raises :class:`DataError` on a NaN: a model without an opinion must say so with a finite number.
    """
    if k < 1:
        raise ParameterError(f"k = {k}: expected at least 1")
    n_rows, n_columns = scores.shape
    ranks = np.arange(n_columns) if tie_rank is None else tie_rank
    if ranks.shape != (n_columns,):
        raise ShapeError(f"tie_rank has shape {ranks.shape}, expected ({n_columns},)")
    if seen is not None:
        if seen.shape != scores.shape:
            raise ShapeError(f"scores have shape {scores.shape}, seen {seen.shape}")
        scores = np.array(scores, copy=True)
        hide(scores, seen)
    if n_rows == 0 or n_columns == 0:
        return Ranking(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))
    bound = np.maximum(_lower_bounds(scores, k), np.finfo(scores.dtype).min)  # above -inf
    passing = scores >= bound[:, None]
    counts = np.count_nonzero(passing, axis=1)
    crowded = np.flatnonzero(counts > max(_MANY, 2 * k))
    if len(crowded):
        in_order = np.argsort(ranks)
        for row in crowded:
            passing[row] = _first_of_equal(scores[row], k, bound[row], in_order)
    flat = np.flatnonzero(passing)
    rows, columns = np.divmod(flat, n_columns)
    values = scores.ravel()[flat] if scores.flags.c_contiguous else scores[rows, columns]
    order = np.lexsort((ranks[columns], -values, rows))
    rows = rows[order]
    kept = np.arange(len(rows)) - np.searchsorted(rows, np.arange(n_rows))[rows] < k
    chosen = order[kept]
    return Ranking(rows[kept].astype(np.int64), columns[chosen].astype(np.int64), values[chosen].astype(np.float32))


def product_top_k(
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    k: int,
    *,
    seen: csr_matrix | None = None,
    tie_rank: NDArray[np.integer] | None = None,
) -> Ranking:
    """:func:`top_k` of ``left`` (n_rows, rank) times ``right`` (rank, n_columns), made in blocks."""
    n_rows, n_columns = len(left), right.shape[1]

    def best(start: int, stop: int) -> Ranking:
        scores = left[start:stop] @ right
        if seen is not None:
            hide(scores, seen[start:stop])
        found = top_k(scores, k, tie_rank=tie_rank)
        return Ranking(found.user_nums + start, found.item_nums, found.scores)

    blocks = [*in_blocks(n_rows, max(1, _BLOCK_FLOATS // max(n_columns, 1)), best)]
    if not blocks:
        return top_k(np.zeros((0, n_columns), dtype=np.float32), k, tie_rank=tie_rank)
    parts = ((block.user_nums, block.item_nums, block.scores) for block in blocks)
    return Ranking(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _lower_bounds(scores: NDArray[np.floating[Any]], k: int) -> NDArray[np.floating[Any]]:
    """For each row a value that at least ``k`` columns reach; -inf where there are not so many."""
    n_rows, n_columns = scores.shape
    width = next((width for width in _GROUPS if n_columns // width >= 2 * k), 0)
    if width == 0:
        _refuse_nan(scores.max(axis=1))
        if n_columns <= k:
            return np.full(n_rows, -np.inf, dtype=scores.dtype)
        return np.asarray(np.partition(scores, n_columns - k, axis=1)[:, n_columns - k])
    n_groups = n_columns // width
    # Column c belongs to group c % n_groups: the maxima run along contiguous memory.
    maxima = scores[:, : n_groups * width].reshape(n_rows, width, n_groups).max(axis=1)
    _refuse_nan(np.maximum(maxima.max(axis=1), scores[:, n_groups * width :].max(axis=1, initial=-np.inf)))
    return np.asarray(np.partition(maxima, n_groups - k, axis=1)[:, n_groups - k])


def _first_of_equal(
    scores: NDArray[np.floating[Any]], k: int, bound: np.floating[Any], in_order: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Which of the scores of a row are among the ``k`` best, where so many are equal that sorting them takes long.

    in_order  the columns in the order in which equal ones come
    """
    last = max(bound, np.partition(scores, len(scores) - k)[len(scores) - k])
    passing: NDArray[np.bool_] = scores > last
    equal = np.flatnonzero(scores[in_order] == last)
    passing[in_order[equal[: k - np.count_nonzero(passing)]]] = True
    return passing


def _refuse_nan(maxima: NDArray[np.floating[Any]]) -> None:
    n_without = int(np.isnan(maxima).sum())
    if n_without:
        raise DataError(f"{n_without} of {len(maxima)} users have a score that is not a number; expected finite scores")
