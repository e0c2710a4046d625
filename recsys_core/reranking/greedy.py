"""The greedy step that all methods share: relevance against what an item would add to the list so far."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recsys_core.errors import ShapeError

__all__ = ["Addition", "greedy_order", "min_max"]


class Addition(Protocol):
    """What each candidate would add to the diversity of the lists so far; it is told what was taken."""

    def values(self) -> NDArray[np.float64]:
        """The worth of adding each candidate, larger is better: finite, of shape (n_users, n_candidates)."""

    def take(self, places: NDArray[np.int64]) -> None:
        """The next entry of each user's list is candidate ``places`` (n_users,)."""


def min_max(scores: NDArray[np.floating], is_open: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Each user's scores (n_users, n_candidates) moved to 0..1 over the candidates where ``is_open`` holds.

    The best has 1, the last 0; candidates with one and the same score all have 1, closed ones 0.
    """
    if scores.shape[1] == 0:
        return np.zeros(scores.shape)
    values = np.where(is_open, scores, 0.0).astype(np.float64)
    highest = values.max(axis=1, where=is_open, initial=-np.inf, keepdims=True)
    lowest = values.min(axis=1, where=is_open, initial=np.inf, keepdims=True)
    differ = highest > lowest  # nowhere, where nothing is open
    low, spread = np.where(differ, lowest, 0.0), np.where(differ, highest - np.where(differ, lowest, 0.0), 1.0)
    return np.where(is_open, np.where(differ, (values - low) / spread, 1.0), 0.0)


def greedy_order(
    relevance: NDArray[np.float64], is_open: NDArray[np.bool_], addition: Addition, *, k: int, diversity: float
) -> NDArray[np.int64]:
    """Places of the chosen candidates in the order of choice, of shape (n_users, k), ended by -1 where none are left.

    Each step takes the candidate with the largest ``(1 − diversity)·relevance + diversity·addition``; among equals the
    one that comes first.

    relevance  of shape (n_users, n_candidates), best candidate first
    is_open    of the same shape: whether the candidate may be taken at all
    """
    if relevance.shape != is_open.shape:
        raise ShapeError(f"relevance has shape {relevance.shape}, is_open {is_open.shape}")
    n_users, n_candidates = relevance.shape
    chosen = np.full((n_users, k), -1, dtype=np.int64)
    barred = np.where(is_open, (1 - diversity) * relevance, -np.inf)
    users = np.arange(n_users)
    for place in range(min(k, n_candidates)):
        worth = barred + diversity * addition.values()
        best = worth.argmax(axis=1)
        chosen[:, place] = np.where(barred[users, best] > -np.inf, best, -1)
        barred[users, best] = -np.inf
        addition.take(best)
    return chosen
