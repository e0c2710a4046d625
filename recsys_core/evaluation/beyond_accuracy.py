"""What lists are like apart from being right: coverage, novelty, diversity and popularity bias.

``recommended`` is an int32 ndarray of item numbers of shape (n_users, k), padded with -1.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, hstack

from recsys_core.errors import ShapeError
from recsys_core.features import ItemFeatures
from recsys_core.ranking import NO_ITEM

__all__ = ["coverage", "diversity", "exposure", "exposure_gini", "novelty", "unit_features"]


_FILLED_SHARE = 0.1  # of the items: features that more of them have are multiplied as a dense matrix


def exposure(recommended: NDArray[np.int32], n_items: int) -> NDArray[np.int64]:
    """How often each item is recommended, of shape (n_items,)."""
    return np.bincount(recommended[recommended != NO_ITEM], minlength=n_items)


def coverage(recommended: NDArray[np.int32], n_items: int) -> float:
    """Share of the ``n_items`` that stand in at least one list, 0..1. It grows with the number of users."""
    return float((exposure(recommended, n_items) > 0).mean()) if n_items else 0.0


def exposure_gini(recommended: NDArray[np.int32], n_items: int) -> float:
    """Gini coefficient of the items' exposure: 0 all equally often, towards 1 few items fill all lists."""
    counts = np.sort(exposure(recommended, n_items)).astype(np.float64)
    total = counts.sum()
    if total == 0:
        return 0.0
    ranks = np.arange(1, n_items + 1)
    return float(((2 * ranks - n_items - 1) @ counts) / (n_items * total))


def novelty(recommended: NDArray[np.int32], popularity_share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean self-information of each user's items in bits, of shape (n_users,); 0 for an empty list.

    ``popularity_share`` (n_items,) is the share of training users who rated the item, more than 0
    (Zhou et al. 2010, doi:10.1073/pnas.1000488107; Vargas & Castells 2011, doi:10.1145/2043932.2043955).
    """
    listed = recommended != NO_ITEM
    bits = np.where(listed, -np.log2(popularity_share)[recommended], 0.0)
    return np.asarray(bits.sum(axis=1) / np.maximum(listed.sum(axis=1), 1))


def unit_features(features: ItemFeatures) -> csr_matrix:
    """All feature groups side by side, each item's row scaled to length 1, of shape (n_items, n_features).

    An item without any feature has a row of zeros.
    """
    if not features.groups:
        return csr_matrix((len(features.item_ids), 1), dtype=np.float64)
    together = csr_matrix(hstack(list(features.groups.values())), dtype=np.float64)
    lengths = np.sqrt(np.asarray(together.multiply(together).sum(axis=1)).ravel())
    scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return csr_matrix(diags(scale) @ together)


def diversity(recommended: NDArray[np.int32], unit_rows: csr_matrix) -> NDArray[np.float64]:
    """Intra-list diversity: 1 − mean cosine over the pairs of a user's list, of shape (n_users,).

    ``unit_rows`` (n_items, n_features) has rows of length 1, or of zeros where nothing is known of an item: it is
    then unlike everything. A list of fewer than two items has 0. (Ziegler et al. 2005, doi:10.1145/1060745.1060754.)
    """
    n_users = len(recommended)
    if recommended.size and recommended.max() >= unit_rows.shape[0]:
        raise ShapeError(f"item {recommended.max()} is recommended, features have {unit_rows.shape[0]} rows")
    rows, places = np.nonzero(recommended != NO_ITEM)
    listed, nums = np.unique(recommended[rows, places], return_inverse=True)
    lists = csr_matrix((np.ones(len(rows)), (rows, nums)), shape=(n_users, len(listed)))
    # |sum of x|² = sum of |x|² + sum over ordered pairs of x·y
    found = unit_rows[listed]
    filled = np.bincount(found.indices, minlength=found.shape[1]) > _FILLED_SHARE * len(listed)
    dense = lists @ found[:, np.flatnonzero(filled)].toarray()
    sparse = csr_matrix(lists @ found[:, np.flatnonzero(~filled)])
    squares = np.vecdot(dense, dense) + np.asarray(csr_matrix.power(sparse, 2).sum(axis=1)).ravel()
    own = lists @ np.asarray(csr_matrix.power(found, 2).sum(axis=1)).ravel()
    n_listed = np.bincount(rows, minlength=n_users)
    n_pairs = n_listed * (n_listed - 1)
    cosine = (squares - own) / np.maximum(n_pairs, 1)
    return np.asarray(np.where(n_pairs > 0, 1 - cosine, 0.0))
