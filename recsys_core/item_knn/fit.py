"""Nearest neighbours of every item by cosine (Sarwar, Karypis, Konstan & Riedl 2001, WWW)."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from recsys_core.blockwise import in_blocks
from recsys_core.dataset.feedback import Feedback
from recsys_core.gram import gram_of
from recsys_core.item_knn.model import ItemKNNModel
from recsys_core.item_knn.parameters import ItemKNNParameters
from recsys_core.scoring import check_item_ids, check_user_ratings
from recsys_core.splitting.hashing import hashed_sample

__all__ = ["fit_item_knn"]

_BLOCK_ITEMS = 128  # of 60,000: at most 150 MB for each thread
_TINY = 1e-12
_POPULAR = 4096  # items whose similarities to one another are one dense matrix


def fit_item_knn(
    user_items: csr_matrix,
    item_ids: NDArray[np.int64],
    parameters: ItemKNNParameters,
    *,
    feedback: Feedback,
) -> ItemKNNModel:
    """Find every item's nearest neighbours in ratings ``user_items``, CSR of shape (n_users, n_items).

    Nearly all pairs of ratings are of popular items, whose products are made as EASE's Gram matrix is. Those of the
    others, with all items, are sparse; a popular item has its own neighbours among them only where they are nearer than
    the popular ones, which says which of the products are kept.
    """
    ids = check_item_ids(item_ids, user_items.shape[1])
    ratings = _at_most(check_user_ratings(user_items, len(ids)), ids, parameters)
    strength = feedback.powers(ratings, parameters.rating_power)
    item_users = csr_matrix(strength.T)
    norms = np.sqrt(np.bincount(strength.indices, np.square(strength.data, dtype=np.float64), minlength=len(ids)))
    popular = np.sort(np.argsort(-np.diff(item_users.indptr), kind="stable")[:_POPULAR])
    others = np.setdiff1d(np.arange(len(ids)), popular)
    among, floor = _among(csr_matrix(strength[:, popular]), norms[popular], parameters)
    least = np.full(len(ids), np.inf, dtype=np.float32)
    least[popular] = floor

    def neighbours(start: int, stop: int) -> tuple[csr_matrix, csr_matrix]:
        """Of some of the others, and what they are to the popular items: (n_some, n_items) both."""
        some = others[start:stop]
        found = _similarities(item_users[some] @ strength, some, norms, parameters)
        near = found.data >= least[found.indices]
        return _largest_per_row(found, parameters.neighbours), _only(found, near)

    blocks = list(in_blocks(len(others), _BLOCK_ITEMS, neighbours))
    nearest = _on_columns(among, popular, len(ids))
    if blocks:
        to_popular = vstack([near for _, near in blocks], format="csc")[:, popular].T
        nearest = csr_matrix(nearest + _on_columns(csr_matrix(to_popular), others, len(ids)))
    own = [_largest_per_row(nearest, parameters.neighbours), *(found for found, _ in blocks)]
    similarities = csr_matrix(vstack(own, format="csr"))
    place_of = np.empty(len(ids), dtype=np.int64)
    place_of[np.concatenate([popular, others])] = np.arange(len(ids))
    return ItemKNNModel(ids, csr_matrix(similarities[place_of]), parameters, feedback)


def _at_most(ratings: csr_matrix, item_ids: NDArray[np.int64], parameters: ItemKNNParameters) -> csr_matrix:
    """``ratings`` with at most ``parameters.max_ratings`` in each row."""
    kept = np.ones(ratings.nnz, dtype=bool)
    for row in np.flatnonzero(np.diff(ratings.indptr) > parameters.max_ratings):
        mine = slice(*ratings.indptr[row : row + 2])
        kept[mine] = False
        drawn = hashed_sample(parameters.seed, "item-kNN", item_ids[ratings.indices[mine]], parameters.max_ratings)
        kept[mine.start + drawn] = True
    return ratings if kept.all() else _only(ratings, kept)


def _among(
    strength: csr_matrix, norms: NDArray[np.float64], parameters: ItemKNNParameters
) -> tuple[csr_matrix, NDArray[np.float32]]:
    """Similarities of the items of ``strength`` to their nearest among themselves, and each one's least of these."""
    similar, n_items = gram_of(strength), strength.shape[1]
    kept, floor = [], np.zeros(n_items, dtype=np.float32)
    for start in range(0, n_items, _BLOCK_ITEMS):
        rows = similar[start : start + _BLOCK_ITEMS]
        rows /= np.maximum(norms[start : start + _BLOCK_ITEMS, None] * norms + parameters.shrinkage, _TINY)
        rows[np.arange(len(rows)), start + np.arange(len(rows))] = 0
        if n_items > parameters.neighbours:
            last = n_items - parameters.neighbours
            floor[start : start + _BLOCK_ITEMS] = np.partition(rows, last, axis=1)[:, last]
        rows[rows < floor[start : start + len(rows), None]] = 0
        kept.append(csr_matrix(rows))
    return csr_matrix(vstack(kept, format="csr")) if kept else csr_matrix(similar), floor


def _similarities(
    products: csr_matrix, nums: NDArray[np.int64], norms: NDArray[np.float64], parameters: ItemKNNParameters
) -> csr_matrix:
    """Those of the items ``nums`` to all, from their inner products (n_nums, n_items); 0 to themselves."""
    lengths, short = np.diff(products.indptr), norms.astype(np.float32)
    denominators = np.repeat(short[nums], lengths)
    denominators *= short[products.indices]
    denominators += np.float32(parameters.shrinkage)
    values = products.data / np.maximum(denominators, np.float32(_TINY), out=denominators)
    values[products.indices == np.repeat(nums.astype(products.indices.dtype), lengths)] = 0
    return csr_matrix((values, products.indices, products.indptr), shape=products.shape)


def _only(matrix: csr_matrix, kept: NDArray[np.bool_]) -> csr_matrix:
    """The entries ``kept`` (nnz,)."""
    indptr = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    return csr_matrix((matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape)


def _on_columns(matrix: csr_matrix, nums: NDArray[np.int64], n_columns: int) -> csr_matrix:
    """The same rows, the columns being ``nums`` of ``n_columns``."""
    return csr_matrix((matrix.data, nums[matrix.indices], matrix.indptr), shape=(matrix.shape[0], n_columns))


def _largest_per_row(matrix: csr_matrix, n_largest: int) -> csr_matrix:
    """The ``n_largest`` values above 0 of every row; of equal values those in the lower columns are kept."""
    kept = matrix.data > 0
    for start, stop in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True):
        if stop - start <= n_largest:
            continue
        values = matrix.data[start:stop]
        threshold = np.partition(values, len(values) - n_largest)[len(values) - n_largest]
        kept[start:stop] &= values >= threshold
        surplus = int((values >= threshold).sum()) - n_largest
        if surplus:
            ties = start + np.flatnonzero(values == threshold)
            kept[ties[np.argsort(matrix.indices[ties])[len(ties) - surplus :]]] = False
    largest = _only(matrix, kept)
    largest.sort_indices()
    return largest
