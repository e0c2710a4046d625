"""XᵀX of a sparse X whose rows differ much in length."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import get_blas_funcs
from scipy.sparse import csr_matrix

from recsys_core.blockwise import side_by_side

__all__ = ["gram_of", "mirrored"]

_DENSE_SHARE = 0.05  # rows with more entries than this share of the columns are multiplied as dense ones
_BLOCK = 1024
_CACHED = 256
_PARTS = 8  # of the sparse product


def gram_of(rows: csr_matrix) -> NDArray[np.floating]:
    """XᵀX of ``rows`` (n_rows, n_columns), of shape (n_columns, n_columns) and the type of ``rows``.

    The sparse product takes some ten nanoseconds for each pair of a row's entries, the dense one a fiftieth of that for
    each pair of columns: the few long rows, with most of the pairs, are left to it.
    """
    long = np.diff(rows.indptr) > _DENSE_SHARE * rows.shape[1]
    short = csr_matrix(rows[np.flatnonzero(~long)]) if long.any() else rows
    by_column, n_columns = csr_matrix(short.T), rows.shape[1]
    gram = np.zeros((n_columns, n_columns), dtype=rows.dtype)

    def below_the_diagonal(stop: int) -> None:
        """Each sum is over the rows in their order, by whichever thread, in however many parts."""
        start = max(0, stop - width)
        left = short if stop == n_columns else short[:, :stop]
        gram[start:stop, :stop] = (by_column[start:stop] @ left).toarray()

    width = max(_CACHED, -(-n_columns // _PARTS))
    for _ in side_by_side(below_the_diagonal, range(n_columns, 0, -width)):  # the longest first
        pass
    dense = csr_matrix(rows[np.flatnonzero(long)])
    syrk = get_blas_funcs("syrk", dtype=rows.dtype)
    for start in range(0, dense.shape[0], _BLOCK):
        block = dense[start : start + _BLOCK].toarray()
        # In Fortran's order the lower triangle lies above the diagonal.
        gram = syrk(1.0, block.T, beta=1.0, c=gram.T, lower=False, overwrite_c=True).T
    return mirrored(gram)


def mirrored(matrix: NDArray[np.floating]) -> NDArray[np.floating]:
    """``matrix``, in its place, with the lower triangle above the diagonal too; in blocks for the cache."""
    for start in range(0, len(matrix), _CACHED):
        end = start + _CACHED
        matrix[start:end, end:] = matrix[end:, start:end].T
        block = matrix[start:end, start:end]
        lower = np.tril(block, -1)
        block[...] = np.tril(block) + lower.T
    return matrix
