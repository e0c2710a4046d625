"""The normal equations of ALS: training, fold-in and explanation all solve these.

For one row (a user) with confidences c over fixed vectors Y (the items) the factors x minimise

    Σ_i |c_i| (p_i - x·y_i)² + regularization · ‖x‖²,   p_i = 1 where c_i > 0, else 0; unobserved: |c_i| = 1, p_i = 0

so A x = b with A = YᵀY + regularization·I + Σ_observed (|c_i| - 1) y_i y_iᵀ and b = Σ_{c_i > 0} c_i y_i
(Hu, Koren & Volinsky 2008, "Collaborative Filtering for Implicit Feedback Datasets", ICDM).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ShapeError

__all__ = ["normal_equations", "regularized_gram", "solve_rows"]

_BLOCK_FLOATS = 8_000_000  # float64 values in one block's matrices: 64 MB


def regularized_gram(factors: NDArray[np.floating], regularization: float) -> NDArray[np.float64]:
    """YᵀY + regularization·I in float64, of shape (factors, factors); shared by all rows."""
    wide = factors.astype(np.float64)
    gram: NDArray[np.float64] = wide.T @ wide
    gram[np.diag_indices_from(gram)] += regularization
    return gram


def normal_equations(
    gram: NDArray[np.float64], vectors: NDArray[np.float64], confidence: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A and b for a batch of rows with equally many observed items.

    gram        :func:`regularized_gram`, of shape (factors, factors)
    vectors     vectors of each row's observed items, of shape (n_rows, n_observed, factors)
    confidence  of shape (n_rows, n_observed), negative where the preference is 0; exactly 0 marks padding

    Returns A of shape (n_rows, factors, factors) and b of shape (n_rows, factors).
    """
    weight = np.where(confidence == 0, 0.0, np.abs(confidence) - 1.0)
    a = gram + np.matmul(vectors.transpose(0, 2, 1) * weight[:, None, :], vectors)
    b = np.matmul(np.maximum(confidence, 0.0)[:, None, :], vectors)[:, 0, :]
    return a, b


def solve_rows(factors: NDArray[np.floating], confidence: csr_matrix, regularization: float) -> NDArray[np.float32]:
    """Exact least-squares factors of every row of ``confidence``, given the other side's ``factors``.

    factors     of shape (n_columns, factors)
    confidence  CSR of shape (n_rows, n_columns), see :func:`recsys_core.als.rating_confidence`

    Returns float32 of shape (n_rows, factors); rows without entries are zero.
    """
    if confidence.shape[1] != len(factors):
        raise ShapeError(f"confidence has {confidence.shape[1]} columns, there are {len(factors)} factor vectors")
    gram = regularized_gram(factors, regularization)
    solved = np.zeros((confidence.shape[0], factors.shape[1]), dtype=np.float32)
    lengths = np.diff(confidence.indptr)
    for rows in _blocks_of_similar_length(lengths, factors.shape[1]):
        longest = int(lengths[rows].max())
        offsets = np.arange(longest)
        inside = offsets < lengths[rows][:, None]
        places = np.where(inside, confidence.indptr[rows][:, None] + offsets, 0)
        weights = np.where(inside, confidence.data[places].astype(np.float64), 0.0)
        vectors = factors[confidence.indices[places]].astype(np.float64)
        a, b = normal_equations(gram, vectors, weights)
        solved[rows] = np.linalg.solve(a, b[:, :, None])[:, :, 0]
    return solved


def _blocks_of_similar_length(lengths: NDArray[np.integer], factors: int) -> list[NDArray[np.int64]]:
    """Row numbers with at least one entry, in blocks that pad little and fit in memory."""
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    blocks = []
    start = 0
    while start < len(order):
        shortest = int(lengths[order[start]])
        stop = int(np.searchsorted(lengths[order], shortest + max(2, shortest // 4), side="right"))
        longest = int(lengths[order[stop - 1]])
        n_rows = max(1, _BLOCK_FLOATS // (factors * (factors + 2 * longest)))
        blocks.append(order[start : min(stop, start + n_rows)])
        start = min(stop, start + n_rows)
    return blocks
