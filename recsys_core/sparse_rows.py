"""Sums of a few rows of a sparse matrix, without making another sparse matrix."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

__all__ = ["weighted_rows"]


def weighted_rows(matrix: csr_matrix, rows: NDArray[np.integer], weights: NDArray[np.floating]) -> NDArray[np.float64]:
    """Σ weights[i] · matrix[rows[i]], float64 of shape (n_columns,).

    For one user's few ratings the product of sparse matrices spends most of its time on making its result.
    """
    starts = matrix.indptr[rows].astype(np.int64)
    lengths = matrix.indptr[np.asarray(rows) + 1] - starts
    before = np.cumsum(lengths) - lengths
    places = np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))
    values = matrix.data[places] * np.repeat(weights, lengths)
    return np.bincount(matrix.indices[places], values.astype(np.float64), minlength=matrix.shape[1]).astype(np.float64)
