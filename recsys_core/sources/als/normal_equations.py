"""The normal equations of ALS: training, fold-in and explanation all solve these.

For one row (a user) with confidences c over fixed vectors Y (the items) the factors x minimise

    Σ_i |c_i| (p_i - x·y_i)² + regularization · ‖x‖²,   p_i = 1 where c_i > 0, else 0; unobserved: |c_i| = 1, p_i = 0

so A x = b with A = YᵀY + regularization·I + Σ_observed (|c_i| - 1) y_i y_iᵀ and b = Σ_{c_i > 0} c_i y_i
(Hu, Koren & Volinsky 2008, "Collaborative Filtering for Implicit Feedback Datasets", ICDM).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dposv
from scipy.sparse import csr_matrix

from recsys_core.blockwise import side_by_side
from recsys_core.errors import ShapeError

__all__ = ["normal_equations", "regularized_gram", "solve_rows", "solve_short_rows"]

_BLOCK_FLOATS = 2_000_000  # values in one block's matrices


def regularized_gram(factors: NDArray[np.floating], regularization: float) -> NDArray[np.float64]:
    """YᵀY + regularization·I in float64, of shape (factors, factors); shared by all rows."""
    wide = factors.astype(np.float64)
    gram: NDArray[np.float64] = wide.T @ wide
    gram[np.diag_indices_from(gram)] += regularization
    return gram


def normal_equations(
    gram: NDArray[np.float64], vectors: NDArray[np.floating], confidence: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A and b for a batch of rows with equally many observed items.

    gram        :func:`regularized_gram`, of shape (factors, factors)
    vectors     vectors of each row's observed items, of shape (n_rows, n_observed, factors)
    confidence  of shape (n_rows, n_observed), negative where the preference is 0; exactly 0 marks padding

    Sums over a row's items are in the precision of ``vectors``, the rest in float64.

    Returns A of shape (n_rows, factors, factors) and b of shape (n_rows, factors).
    """
    a = gram + np.matmul(vectors.transpose(0, 2, 1) * _extra_weight(confidence)[:, None, :], vectors)
    b = np.matmul(np.maximum(confidence, 0.0)[:, None, :], vectors)[:, 0, :]
    return a, b


def _extra_weight(confidence: NDArray[np.floating]) -> NDArray[np.floating]:
    """|c| - 1, and 0 for padding."""
    return np.where(confidence == 0, confidence.dtype.type(0), np.abs(confidence) - 1)


def solve_short_rows(
    vectors: NDArray[np.floating], projected: NDArray[np.floating], confidence: NDArray[np.floating]
) -> NDArray[np.floating]:
    """The same solutions for rows with fewer observed items than factors.

    With G the regularised Gram matrix and W = diag(|c| - 1), (G + YᵀWY)⁻¹Yᵀ = G⁻¹Yᵀ(I + W·YG⁻¹Yᵀ)⁻¹: a system of
    the size of the history instead of the number of factors.

    vectors, confidence  as in :func:`normal_equations`
    projected            ``vectors`` times G⁻¹, of the same shape

    Returns an array of shape (n_rows, factors).
    """
    system = np.matmul(projected, vectors.transpose(0, 2, 1)) * _extra_weight(confidence)[:, :, None]
    diagonal = np.arange(system.shape[1])
    system[:, diagonal, diagonal] += 1
    shares = np.linalg.solve(system, np.maximum(confidence, 0)[:, :, None])
    solved: NDArray[np.floating] = np.matmul(projected.transpose(0, 2, 1), shares)[:, :, 0]
    return solved


def solve_rows(
    factors: NDArray[np.floating],
    confidence: csr_matrix,
    gram: NDArray[np.float64],
    *,
    inverse_gram: NDArray[np.float64] | None = None,
) -> NDArray[np.float32]:
    """Exact least-squares factors of every row of ``confidence``, given the other side's ``factors``.

    factors       of shape (n_columns, factors)
    confidence    CSR of shape (n_rows, n_columns), see :func:`recsys_core.sources.als.rating_confidence`
    gram          :func:`regularized_gram` of ``factors``
    inverse_gram  its inverse, where somebody has it already

    Returns float32 of shape (n_rows, factors); rows without entries are zero. Rows are solved in batches of similar
    length, several at once: which others are solved with a row changes nothing but rounding.
    """
    if confidence.shape[1] != len(factors):
        raise ShapeError(f"confidence has {confidence.shape[1]} columns, there are {len(factors)} factor vectors")
    n_factors = factors.shape[1]
    solved = np.zeros((confidence.shape[0], n_factors), dtype=np.float32)
    lengths = np.diff(confidence.indptr)
    inverse = (np.linalg.inv(gram) if inverse_gram is None else inverse_gram).astype(factors.dtype)
    projected = factors @ inverse if confidence.nnz > len(factors) else None  # of all, where that is less than of each

    def solve(rows: NDArray[np.int64]) -> None:
        offsets = np.arange(int(lengths[rows].max()))
        inside = offsets < lengths[rows][:, None]
        places = np.where(inside, confidence.indptr[rows][:, None] + offsets, 0)
        weights = np.where(inside, confidence.data[places], 0)
        nums = confidence.indices[places]
        vectors = factors[nums]
        if len(offsets) < n_factors:
            by_inverse = vectors @ inverse if projected is None else projected[nums]
            solved[rows] = solve_short_rows(vectors, by_inverse, weights)
        else:
            a, b = normal_equations(gram, vectors, weights)
            solved[rows] = [_solved(*row) for row in zip(a, b, strict=True)]

    for _ in side_by_side(solve, _blocks_of_similar_length(lengths, n_factors)):
        pass
    return solved


def _solved(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """A⁻¹b, by Cholesky's factors: A is symmetric, and positive definite with any regularisation."""
    _, x, fault = dposv(a.T, b, lower=True)
    return np.asarray(np.linalg.solve(a, b) if fault else x, dtype=np.float64)


def _blocks_of_similar_length(lengths: NDArray[np.integer], factors: int) -> list[NDArray[np.int64]]:
    """Row numbers with at least one entry, in blocks that pad little and fit in memory."""
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    sorted_lengths = lengths[order]
    blocks = []
    start = 0
    while start < len(order):
        shortest = int(sorted_lengths[start])
        longest = shortest + max(2, shortest // 8)
        n_rows = max(1, _BLOCK_FLOATS // (factors * (factors + 2 * longest)))
        stop = min(start + n_rows, int(np.searchsorted(sorted_lengths, longest, side="right")))
        blocks.append(order[start:stop])
        start = stop
    return blocks
