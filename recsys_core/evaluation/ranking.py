"""Which recommended items are targets."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ShapeError
from recsys_core.ranking import NO_ITEM

__all__ = ["hits_of"]


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
