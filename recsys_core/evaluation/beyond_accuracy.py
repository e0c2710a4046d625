"""What lists are like apart from being right: coverage, novelty, diversity and popularity bias.

``recommended`` is an int32 ndarray of item numbers of shape (n_users, k), padded with -1.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, hstack

from recsys_core.blockwise import in_blocks
from recsys_core.errors import ShapeError
from recsys_core.features import ItemFeatures
from recsys_core.ranking import NO_ITEM
from recsys_core.sparse_rows import PartedRows

__all__ = ["coverage", "diversities", "diversity", "exposure", "exposure_gini", "novelty", "unit_features"]


_MOST_LISTED = 4096  # different items whose pairs are looked at at once
_LISTS = 2048
_ROWS = 128


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
    return diversities(recommended, unit_rows, [recommended.shape[1]])[:, 0]


def diversities(recommended: NDArray[np.int32], unit_rows: csr_matrix, ks: Sequence[int]) -> NDArray[np.float64]:
    """:func:`diversity` of the first k of each list for each of ``ks``, of shape (n_users, len(ks)).

    Lists share most of their items: the cosines of all pairs of different ones are computed once.
    """
    if recommended.size and recommended.max() >= unit_rows.shape[0]:
        raise ShapeError(f"item {recommended.max()} is recommended, features have {unit_rows.shape[0]} rows")
    listed = np.unique(recommended)
    listed = listed[listed != NO_ITEM]
    half = len(recommended) // 2
    if len(listed) > _MOST_LISTED and half:
        return np.concatenate([diversities(part, unit_rows, ks) for part in (recommended[:half], recommended[half:])])
    cosines = _cosines(csr_matrix(unit_rows[listed], dtype=np.float32))
    own = np.diag(cosines)
    places = np.where(recommended == NO_ITEM, len(listed), np.searchsorted(listed, recommended))
    found = np.zeros((len(places), len(ks)))
    for start in range(0, len(places), _LISTS):
        for column, k in enumerate(ks):
            first = places[start : start + _LISTS, :k]
            n_listed = (first < len(listed)).sum(axis=1)
            n_pairs = n_listed * (n_listed - 1)
            pairs = cosines[first[:, :, None], first[:, None, :]].sum(axis=(1, 2), dtype=np.float64)
            mean = (pairs - own[first].sum(axis=1, dtype=np.float64)) / np.maximum(n_pairs, 1)
            found[start : start + _LISTS, column] = np.where(n_pairs > 0, 1 - mean, 0.0)
    return found


def _cosines(unit_rows: csr_matrix) -> NDArray[np.float32]:
    """Of all pairs of ``unit_rows`` (n_rows, n_features), and a last row and column of zeros for no item."""
    n_rows = unit_rows.shape[0]
    rows = PartedRows.of(unit_rows)
    found = np.zeros((n_rows + 1, n_rows + 1), dtype=np.float32)

    def with_all(start: int, stop: int) -> None:
        found[start:stop, :n_rows] = rows[start:stop].products(rows)

    for _ in in_blocks(n_rows, _ROWS, with_all):
        pass
    return found
