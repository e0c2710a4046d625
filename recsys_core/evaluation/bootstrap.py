"""95 % percentile intervals by resampling users.

A bootstrap sample is a vector of counts, how often each user was drawn; all sample means of many series are then one
matrix product (Efron & Tibshirani 1993, chapter 13). A user who stands in several rows, one for each of several
seeds, is drawn with all their rows: rows of one person are not independent.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_core.errors import ShapeError

__all__ = ["Intervals", "bootstrap_means", "bootstrap_weights"]

_LEVELS = (0.025, 0.975)
_CELLS = 8_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Means of several series over users, each ndarray of shape (n_series,), with 95 % percentile intervals."""

    mean: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    n_users: int


def bootstrap_means(
    values: NDArray[np.float64], user_ids: NDArray[np.int64], *, n_samples: int = 1_000, seed: int = 0
) -> Intervals:
    """Mean of each column of ``values`` (n_rows, n_series) and its interval; ``user_ids`` (n_rows,) are the clusters.

    The same ``user_ids``, ``n_samples`` and ``seed`` give the same samples, so differences of series may be taken
    before or after. The interval of a difference of two models is that of the column ``a - b``.
    """
    if values.ndim != 2 or len(values) != len(user_ids):
        raise ShapeError(f"values have shape {values.shape}, expected ({len(user_ids)}, n_series)")
    if len(values) == 0:
        raise ShapeError("there are no users to average over")
    users, cluster = np.unique(user_ids, return_inverse=True)
    sums = np.zeros((len(users), values.shape[1]))
    np.add.at(sums, cluster, values)
    sizes = np.bincount(cluster).astype(np.float64)
    sampled = np.concatenate(
        [(w @ sums) / (w @ sizes)[:, None] for w in bootstrap_weights(len(users), n_samples, seed)]
    )
    low, high = np.quantile(sampled, _LEVELS, axis=0)
    return Intervals(values.mean(axis=0), low, high, len(users))


def bootstrap_weights(n_users: int, n_samples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Blocks of count vectors (n_block, n_users), each row summing to n_users."""
    rng = np.random.default_rng(seed)
    block = max(1, _CELLS // n_users)
    for start in range(0, n_samples, block):
        n_rows = min(block, n_samples - start)
        drawn = rng.integers(0, n_users, size=(n_rows, n_users))
        keys = drawn + np.arange(n_rows)[:, None] * n_users
        counts = np.bincount(keys.ravel(), minlength=n_rows * n_users)
        yield counts.reshape(n_rows, n_users).astype(np.float64)
