"""The k best items of every row: a threshold from group maxima, then a sort of the few that pass it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ParameterError

__all__ = ["Ranking", "hide", "top_k"]

_GROUP = 64


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


def hide(scores: NDArray[np.float32], seen: csr_matrix) -> None:
    """Set to -inf, in place, the columns of ``scores`` (n_rows, at least n_items) with an entry in ``seen``."""
    rows = np.repeat(np.arange(seen.shape[0]), np.diff(seen.indptr))
    scores[rows, seen.indices] = -np.inf


def top_k(scores: NDArray[np.floating[Any]], k: int) -> Ranking:
    """The ``k`` best columns of each row, best first; equal scores are ordered by column number.

    scores: ndarray of shape (n_rows, n_columns); ``-inf`` marks a column that must never be returned.

    The k-th largest maximum over groups of columns is a lower bound of the k-th best score, so one pass for the
    maxima and one comparison leave a handful of columns per row to sort.
    """
    if k < 1:
        raise ParameterError(f"k = {k}: expected at least 1")
    n_rows, n_columns = scores.shape
    if n_rows == 0 or n_columns == 0:
        return Ranking(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))
    bound = np.maximum(_lower_bounds(scores, k), np.finfo(scores.dtype).min)  # above -inf
    flat = np.flatnonzero(scores >= bound[:, None])
    rows, columns = np.divmod(flat, n_columns)
    values = scores.ravel()[flat] if scores.flags.c_contiguous else scores[rows, columns]
    order = np.lexsort((columns, -values, rows))
    rows = rows[order]
    kept = np.arange(len(rows)) - np.searchsorted(rows, np.arange(n_rows))[rows] < k
    chosen = order[kept]
    return Ranking(rows[kept].astype(np.int64), columns[chosen].astype(np.int64), values[chosen].astype(np.float32))


def _lower_bounds(scores: NDArray[np.floating[Any]], k: int) -> NDArray[np.floating[Any]]:
    """For each row a value that at least ``k`` columns reach; -inf where there are not so many."""
    n_rows, n_columns = scores.shape
    n_groups = n_columns // _GROUP
    if n_groups < 2 * k:
        if n_columns <= k:
            return np.full(n_rows, -np.inf, dtype=scores.dtype)
        return np.asarray(np.partition(scores, n_columns - k, axis=1)[:, n_columns - k])
    # Column c belongs to group c % n_groups: the maxima run along contiguous memory.
    maxima = scores[:, : n_groups * _GROUP].reshape(n_rows, _GROUP, n_groups).max(axis=1)
    return np.asarray(np.partition(maxima, n_groups - k, axis=1)[:, n_groups - k])
