"""From blocks of scores to the k best unseen items, with deterministic ties."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import DataError, ShapeError

__all__ = ["NO_ITEM", "hits_of", "top_k"]

NO_ITEM = -1


def top_k(scores: NDArray[np.floating], k: int, *, seen: csr_matrix | None = None) -> NDArray[np.int32]:
    """Item numbers of the ``k`` best unseen items per user, best first, of shape (n_users, k).

    scores  ndarray of shape (n_users, n_items); not changed
    seen    CSR of the same shape: items with an entry are never recommended

    Equal scores rank by item number. Where fewer than ``k`` items are left the row ends in -1 (NO_ITEM).
    Raises :class:`DataError` on a NaN: a model without an opinion must say so with a finite number.
    """
    n_users, n_items = scores.shape
    if seen is not None and seen.shape != scores.shape:
        raise ShapeError(f"scores have shape {scores.shape}, seen {seen.shape}")
    width = min(k, n_items)
    chosen = np.full((n_users, k), NO_ITEM, dtype=np.int32)
    if width == 0 or n_users == 0:
        return chosen
    open_scores = np.array(scores, copy=True)
    if seen is not None:
        open_scores[np.repeat(np.arange(n_users), np.diff(seen.indptr)), seen.indices] = -np.inf
    # NaN sorts last in a partition, so the largest place shows whether there is any.
    parted = np.partition(open_scores, (n_items - width, n_items - 1), axis=1)
    if np.isnan(parted[:, -1]).any():
        raise DataError(
            f"{int(np.isnan(scores).any(axis=1).sum())} of {n_users} users have a score that is not a number"
        )
    limit = parted[:, n_items - width]
    rows, columns = np.nonzero((open_scores >= limit[:, None]) & (open_scores > -np.inf))
    order = np.lexsort((columns, -open_scores[rows, columns], rows))
    rows, columns = rows[order], columns[order]
    starts = np.searchsorted(rows, np.arange(n_users))
    place = np.arange(len(rows)) - starts[rows]
    best = place < width
    chosen[rows[best], place[best]] = columns[best]
    return chosen


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
