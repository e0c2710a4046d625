"""Mean and standard deviation of a user's scores over the catalogue, and scores standardised by them.

Standardised scores of different sources are comparable: each tells by how many standard deviations an item
stands out for this user in that source. For a linear score u·v_i both moments over the items follow from the
mean item vector m and the covariance C of the item vectors: mean = u·m, variance = u·C·u.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

__all__ = ["ItemMoments", "Moments", "dense_moments", "moments_of_sums", "sparse_moments"]

_BLOCK_ITEMS = 16_384
_CACHED = 1 << 16  # values that stay in a core's cache from one pass to the next
_RELATIVE_FLOOR = 1e-6  # a spread below this share of the scores' size is rounding, not information


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Mean and standard deviation per user, float64 arrays of shape (n_users,); a std of 0 means "no information"."""

    mean: NDArray[np.float64]
    std: NDArray[np.float64]

    def repeated(self, n_users: int) -> "Moments":
        """Those of one row for each of ``n_users``."""
        return Moments(np.repeat(self.mean, n_users), np.repeat(self.std, n_users))

    def scale(self, steady: float = 0.0) -> NDArray[np.float64]:
        """1 / √(std² + steady²), and 0 where std is 0: multiplying by it gives z = 0 for a source that says nothing.

        ``steady`` keeps scores that hardly differ from being blown up: of a spread that is a tenth of ``steady``
        about a tenth of a z-score is left.
        """
        return np.divide(1.0, np.hypot(self.std, steady), out=np.zeros_like(self.std), where=self.std > 0)

    def standardise(self, scores: NDArray[np.float32], steady: float = 0.0) -> NDArray[np.float32]:
        """z-scores of ``scores`` (n_users, n_items), written into the same array."""
        scores -= self.mean.astype(np.float32)[:, None]
        scores *= self.scale(steady).astype(np.float32)[:, None]
        return scores


def dense_moments(scores: NDArray[np.floating[Any]], *, n_items: int | None = None) -> Moments:
    """Moments of the rows of ``scores`` (n_users, n_columns) over ``n_items`` items.

    Where ``n_items`` is larger than n_columns, the items without a column score 0.
    """
    n_columns = scores.shape[1]
    n_items = n_columns if n_items is None else n_items
    if n_columns == 0:
        return Moments(np.zeros(len(scores)), np.zeros(len(scores)))
    centre, squares = np.empty(len(scores)), np.empty(len(scores))
    at_once = max(1, _CACHED // n_columns)
    for start in range(0, len(scores), at_once):
        rows = slice(start, start + at_once)
        centre[rows] = scores[rows].mean(axis=1, dtype=np.float64)
        centred = scores[rows] - centre[rows].astype(scores.dtype)[:, None]
        squares[rows] = np.vecdot(centred, centred)
    mean = centre * n_columns / n_items
    variance = (squares + n_columns * centre**2) / n_items - mean**2 if n_items > n_columns else squares / n_columns
    return _floored(mean, variance, np.abs(centre))


def moments_of_sums(total: NDArray[np.float64], squares: NDArray[np.float64], n_items: int) -> Moments:
    """Moments of ``n_items`` scores of each user, of which the sum and that of the squares, (n_users,), are known."""
    mean = total / max(n_items, 1)
    return _floored(mean, squares / max(n_items, 1) - mean**2, np.abs(mean))


def sparse_moments(scores: csr_matrix) -> Moments:
    """Moments of the rows of ``scores`` (n_users, n_items), in which what has no entry scores 0."""
    return moments_of_sums(*sparse_sums(scores), scores.shape[1])


def sparse_sums(scores: csr_matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums of the rows of ``scores``, and of their squares: (n_users,) each."""
    filled = np.flatnonzero(np.diff(scores.indptr))
    starts = scores.indptr[filled]
    total, squares = np.zeros(scores.shape[0]), np.zeros(scores.shape[0])
    if len(filled):
        total[filled] = np.add.reduceat(scores.data, starts, dtype=np.float64)
        squares[filled] = np.add.reduceat(np.square(scores.data, dtype=np.float64), starts)
    return total, squares


@dataclass(frozen=True, slots=True, eq=False)
class ItemMoments:
    """Mean vector (n_columns,) and covariance (n_columns, n_columns) of the item vectors of a linear score."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]

    @classmethod
    def of(cls, item_vectors: NDArray[np.floating[Any]]) -> "ItemMoments":
        """Moments of the rows of ``item_vectors`` (n_items, n_columns)."""
        n_items, n_columns = item_vectors.shape
        mean, covariance = np.zeros(n_columns), np.zeros((n_columns, n_columns))
        if n_items:
            mean = item_vectors.mean(axis=0, dtype=np.float64)
            for start in range(0, n_items, _BLOCK_ITEMS):  # as float64 they would be twice as large, and that twice
                centred = item_vectors[start : start + _BLOCK_ITEMS].astype(np.float64) - mean
                covariance += centred.T @ centred
            covariance /= n_items
        return cls(mean, covariance)

    def for_users(self, user_vectors: NDArray[np.floating[Any]]) -> Moments:
        """Moments of the scores ``user_vectors @ item_vectors.T`` without computing a single score."""
        users = np.asarray(user_vectors, dtype=np.float64)
        mean = users @ self.mean
        variance = np.vecdot(users @ self.covariance, users)
        return _floored(mean, variance, np.abs(users) @ np.abs(self.mean))


def _floored(mean: NDArray[np.float64], variance: NDArray[np.float64], size: NDArray[np.float64]) -> Moments:
    std = np.sqrt(np.maximum(variance, 0.0))
    return Moments(mean, np.where(std > _RELATIVE_FLOOR * size, std, 0.0))
