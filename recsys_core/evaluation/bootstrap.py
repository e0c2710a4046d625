"""Percentile intervals by resampling users: the only bootstrap of means and of paired differences in the project.

A bootstrap sample is a vector of counts, how often each user was drawn; all sample means of many series are then one
matrix product (Efron & Tibshirani 1993, chapter 13). A user who stands in several rows, one for each of several
seeds, is drawn with all their rows: rows of one person are not independent.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_core.errors import ShapeError

__all__ = ["Intervals", "PairedDifference", "bootstrap_means", "bootstrap_weights", "paired_differences"]

_CELLS = 8_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Means of several series over users, each ndarray of shape (n_series,), with percentile intervals."""

    mean: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    n_users: int


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Mean over users of one model's metric minus another's, with its interval."""

    difference: float
    ci_low: float
    ci_high: float
    n_users: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def paired_differences(
    differences: NDArray[np.float64],
    user_ids: NDArray[np.int64],
    *,
    n_samples: int = 1_000,
    seed: int = 0,
    level: float = 0.95,
) -> list[PairedDifference]:
    """One for each column of ``differences`` (n_rows, n_series), a model's metric minus another's on the same rows."""
    found = bootstrap_means(differences, user_ids, n_samples=n_samples, seed=seed, level=level)
    columns = zip(found.mean.tolist(), found.ci_low.tolist(), found.ci_high.tolist(), strict=True)
    return [PairedDifference(mean, low, high, found.n_users) for mean, low, high in columns]


def bootstrap_means(
    values: NDArray[np.float64],
    user_ids: NDArray[np.int64],
    *,
    n_samples: int = 1_000,
    seed: int = 0,
    level: float = 0.95,
) -> Intervals:
    """Mean of each column of ``values`` (n_rows, n_series) and its interval; ``user_ids`` (n_rows,) are the clusters.

    The same ``user_ids``, ``n_samples`` and ``seed`` give the same samples, so differences of series may be taken
    before or after. ``level`` is the probability with which one interval covers.
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
    low, high = np.quantile(sampled, [(1 - level) / 2, (1 + level) / 2], axis=0)
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
