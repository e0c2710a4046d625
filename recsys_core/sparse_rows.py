"""Rows of sparse matrices: sums of a few without making another matrix, inner products, places with an entry."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

__all__ = ["PartedRows", "entries_at", "filled", "mixed", "selected", "weighted_rows"]

_COMMON = 0.05  # share of the rows that have a column, from which on it is multiplied as a dense one


@dataclass(frozen=True, slots=True, eq=False)
class PartedRows:
    """Rows in two parts: columns that many have as dense ones, several times faster to multiply than all as sparse."""

    dense: NDArray[np.floating[Any]]
    sparse: csr_matrix

    @classmethod
    def of(cls, matrix: csr_matrix, nums: NDArray[np.integer] | None = None) -> Self:
        """Those of ``matrix``, or its rows ``nums``: which columns are common is told from all rows all the same."""
        common = np.bincount(matrix.indices, minlength=matrix.shape[1]) > _COMMON * matrix.shape[0]
        rows = matrix if nums is None else matrix[nums]
        return cls(rows[:, np.flatnonzero(common)].toarray(), csr_matrix(rows[:, np.flatnonzero(~common)]))

    def __getitem__(self, nums: "slice | NDArray[np.integer]") -> Self:
        return type(self)(self.dense[nums], csr_matrix(self.sparse[nums]))

    def products(self, other: "PartedRows") -> NDArray[Any]:
        """Of each row with each of ``other``, which has the same columns in the same parts: (n_rows, n_others)."""
        found: NDArray[Any] = (self.sparse @ other.sparse.T).toarray()
        found += self.dense @ other.dense.T
        return found


def filled(matrix: csr_matrix) -> NDArray[np.bool_]:
    """Where ``matrix`` has an entry, a stored 0 too: of its shape."""
    places = np.zeros(matrix.shape, dtype=bool)
    places[np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), matrix.indices] = True
    return places


def entries_at(values: NDArray[np.floating[Any]], chosen: NDArray[np.bool_]) -> csr_matrix:
    """Those of the dense ``values`` (n_rows, n_columns) that are ``chosen``, of the same shape, as a sparse matrix."""
    places, n_columns = np.flatnonzero(chosen), values.shape[1]
    bounds = np.searchsorted(places, np.arange(len(values) + 1) * n_columns)
    return csr_matrix((values.ravel()[places], places % n_columns, bounds), shape=values.shape)


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


def selected(nums: NDArray[np.integer], n_items: int) -> csr_matrix:
    """A one in each row, at ``nums``: CSR float64 of shape (len(nums), n_items), by which a product picks items."""
    return csr_matrix((np.ones(len(nums)), nums, np.arange(len(nums) + 1)), shape=(len(nums), n_items))


def mixed(mixture: csr_matrix, rows: Any) -> Any:
    """``mixture`` (n_mixed, n_items) times the first n_items of ``rows``, sparse or dense: float64, as ``rows`` is.

    Where it is of a few items, only their rows are looked at and become float64.
    """
    if 2 * mixture.nnz < mixture.shape[1]:
        used = np.unique(mixture.indices)
        return mixture[:, used] @ rows[used]
    shape = (mixture.shape[0], rows.shape[0])  # a mixture of nothing of the others: rows are not copied
    return csr_matrix((mixture.data, mixture.indices, mixture.indptr), shape=shape) @ rows
