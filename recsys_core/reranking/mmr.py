"""Maximal marginal relevance (Carbonell & Goldstein 1998, doi:10.1145/290941.291025)."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["MarginalRelevance"]


class MarginalRelevance:
    """Minus the similarity to the most similar title of the list so far; 0 for all while the list is empty.

    similarity  ndarray of shape (n_users, n_candidates, n_candidates)
    """

    def __init__(self, similarity: NDArray[np.float64]) -> None:
        self._similarity = similarity
        self._users = np.arange(len(similarity))
        self._nearest: NDArray[np.float64] | None = None

    def values(self) -> NDArray[np.float64]:
        if self._nearest is None:
            return np.zeros(self._similarity.shape[:2])
        return -self._nearest

    def take(self, places: NDArray[np.int64]) -> None:
        to_new = self._similarity[self._users, places]
        self._nearest = to_new if self._nearest is None else np.maximum(self._nearest, to_new)
