"""Nearest neighbours of every item by cosine (Sarwar, Karypis, Konstan & Riedl 2001, WWW)."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from recsys_core.blockwise import in_blocks
from recsys_core.dataset.feedback import Feedback
from recsys_core.item_knn.model import ItemKNNModel
from recsys_core.item_knn.parameters import ItemKNNParameters
from recsys_core.scoring import check_item_ids, check_user_ratings

__all__ = ["fit_item_knn"]

_BLOCK_ITEMS = 128  # of 60,000: at most 150 MB for each thread


def fit_item_knn(
    user_items: csr_matrix,
    item_ids: NDArray[np.int64],
    parameters: ItemKNNParameters,
    *,
    feedback: Feedback,
) -> ItemKNNModel:
    """Find every item's nearest neighbours in ratings ``user_items``, CSR of shape (n_users, n_items)."""
    ids = check_item_ids(item_ids, user_items.shape[1])
    ratings = check_user_ratings(user_items, len(ids))
    strength = feedback.powers(ratings, parameters.rating_power)
    item_users = csr_matrix(strength.T)
    norms = np.sqrt(np.asarray(item_users.multiply(item_users).sum(axis=1)).ravel())

    def neighbours(start: int, stop: int) -> csr_matrix:
        return _neighbours(item_users[start:stop], strength, norms, start, parameters)

    blocks = list(in_blocks(len(ids), _BLOCK_ITEMS, neighbours))
    similarities = csr_matrix(vstack(blocks)) if blocks else csr_matrix(np.zeros((0, 0), dtype=np.float32))
    return ItemKNNModel(ids, similarities, parameters, feedback)


def _neighbours(
    item_users: csr_matrix,
    strength: csr_matrix,
    norms: NDArray[np.floating],
    start: int,
    parameters: ItemKNNParameters,
) -> csr_matrix:
    """Similarities of the items from ``start`` on to all items, only the nearest kept."""
    products = csr_matrix(item_users @ strength)
    rows = np.repeat(np.arange(products.shape[0]), np.diff(products.indptr))
    denominators = norms[start + rows] * norms[products.indices] + parameters.shrinkage
    values = np.where(products.indices == start + rows, 0, products.data / np.where(denominators > 0, denominators, 1))
    return _largest_per_row(
        csr_matrix((values.astype(np.float32), products.indices, products.indptr), shape=products.shape),
        parameters.neighbours,
    )


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
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=matrix.shape[0]))])
    largest = csr_matrix((matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape)
    largest.sort_indices()
    return largest
