"""Look-up of item rows, TF-IDF weighting and row normalisation."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

_LARGEST_TABLE = 5_000_000  # ids up to here are looked up in a table, several times faster than by searching

__all__ = ["inverse_document_frequency", "normalise_rows", "rows_of"]


def rows_of(item_ids: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row of each of ``ids`` in ``item_ids`` (any order, unique); -1 where it is not there."""
    if len(item_ids) == 0 or len(ids) == 0:
        return np.full(len(ids), -1, dtype=np.int64)
    largest = int(item_ids.max())
    if item_ids.min() >= 0 and largest <= _LARGEST_TABLE:
        look_up = np.full(largest + 2, -1, dtype=np.int64)
        look_up[item_ids] = np.arange(len(item_ids))
        inside = (ids >= 0) & (ids <= largest)
        return look_up[np.where(inside, ids, largest + 1)]
    order = np.argsort(item_ids)
    places = np.minimum(np.searchsorted(item_ids, ids, sorter=order), len(order) - 1)
    rows = order[places]
    return np.where(item_ids[rows] == ids, rows, -1).astype(np.int64)


def inverse_document_frequency(matrix: csr_matrix, fitted_mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """log((1 + n) / (1 + n_with)) + 1 for every column, counted over the fitted rows: float32 (n_features,)."""
    fitted = csr_matrix(matrix[np.flatnonzero(fitted_mask)])
    n_with = np.bincount(fitted.indices, minlength=matrix.shape[1])
    idf: NDArray[np.float32] = (np.log((1 + fitted.shape[0]) / (1 + n_with)) + 1).astype(np.float32)
    return idf


def normalise_rows(matrix: csr_matrix) -> csr_matrix:
    """Every row divided by its length; rows of zeros become empty. Float32, a new matrix."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1), dtype=np.float64).ravel())
    scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    data = matrix.data * np.repeat(scale, np.diff(matrix.indptr))
    normalised = csr_matrix((data.astype(np.float32), matrix.indices.copy(), matrix.indptr.copy()), shape=matrix.shape)
    normalised.eliminate_zeros()
    return normalised
