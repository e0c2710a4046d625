"""From blocks of scores to the k best unseen items, with deterministic ties."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import DataError, ShapeError

__all__ = ["NO_ITEM", "hits_of", "top_k"]

NO_ITEM = -1


def top_k(
    scores: NDArray[np.floating],
    k: int,
    *,
    seen: csr_matrix | None = None,
    tie_rank: NDArray[np.integer] | None = None,
) -> NDArray[np.int32]:
    """Item numbers of the ``k`` best unseen items per user, best first, of shape (n_users, k).

    scores    ndarray of shape (n_users, n_items); not changed
    seen      CSR of the same shape: items with an entry are never recommended
    tie_rank  ndarray of shape (n_items,), unique: among equal scores the smaller comes first; without it, the
              smaller item number

    Where fewer than ``k`` items are left the row ends in -1 (NO_ITEM).
    Raises :class:`DataError` on a NaN: a model without an opinion must say so with a finite number.
    """
    n_users, n_items = scores.shape
    if seen is not None and seen.shape != scores.shape:
        raise ShapeError(f"scores have shape {scores.shape}, seen {seen.shape}")
    ranks = np.arange(n_items) if tie_rank is None else tie_rank
    if ranks.shape != (n_items,):
        raise ShapeError(f"tie_rank has shape {ranks.shape}, expected ({n_items},)")
    width = min(k, n_items)
    chosen = np.full((n_users, k), NO_ITEM, dtype=np.int32)
    if width == 0 or n_users == 0:
        return chosen
    rows, columns, values = _best_places(scores, width, seen, ranks)
    order = np.lexsort((ranks[columns], -values, rows))
    rows, columns = rows[order], columns[order]
    place = np.arange(len(rows)) - np.searchsorted(rows, np.arange(n_users))[rows]
    best = place < width
    chosen[rows[best], place[best]] = columns[best]
    return chosen


def _best_places(
    scores: NDArray[np.floating], width: int, seen: csr_matrix | None, ranks: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.floating]]:
    """Rows, columns and scores of a superset of the ``width`` best places of each row, rows ascending."""
    n_users, n_items = scores.shape
    open_scores = np.array(scores, copy=True)
    if seen is not None:
        open_scores[np.repeat(np.arange(n_users), np.diff(seen.indptr)), seen.indices] = -np.inf
    # NaN sorts last in a partition, so the largest place shows whether there is any.
    parted = np.partition(open_scores, (n_items - width, n_items - 1), axis=1)
    if np.isnan(parted[:, -1]).any():
        n_without = int(np.isnan(scores).any(axis=1).sum())
        raise DataError(f"{n_without} of {n_users} users have a score that is not a number; expected finite scores")
    limit = parted[:, n_items - width][:, None]
    wanted = open_scores >= limit
    wanted &= open_scores > -np.inf
    # A model without an opinion ties thousands of items at the limit: keep only those that the tie rank lets in.
    for row in np.flatnonzero(wanted.sum(axis=1) > 8 * width + 64):
        tied = np.flatnonzero(open_scores[row] == limit[row])
        n_free = width - int((open_scores[row] > limit[row]).sum())
        wanted[row, tied] = False
        wanted[row, tied[np.argpartition(ranks[tied], n_free - 1)[:n_free]]] = True
    rows, columns = np.nonzero(wanted)
    return rows, columns, open_scores[rows, columns]


def hits_of(recommended: NDArray[np.int32], targets: csr_matrix) -> NDArray[np.bool_]:
    """Which recommended items (n_users, k) are targets; -1 never is."""
    n_users, n_items = targets.shape
    if recommended.shape[0] != n_users:
        raise ShapeError(f"recommendations for {recommended.shape[0]} users, targets for {n_users}")
    keys = np.repeat(np.arange(n_users, dtype=np.int64), np.diff(targets.indptr)) * n_items + targets.indices
    keys.sort()
    wanted = np.arange(n_users, dtype=np.int64)[:, None] * n_items + recommended
    if len(keys) == 0:
        return np.zeros(recommended.shape, dtype=bool)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.asarray((keys[places] == wanted) & (recommended != NO_ITEM))
