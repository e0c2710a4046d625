"""Greedy maximum of a determinantal point process in O(k²·n) (Chen, Zhang & Zhou 2018, arXiv:1709.05135)."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["OWN_SHARE", "Determinant"]

OWN_SHARE = 0.01
"""How much of each title is its own: off the diagonal similarities are multiplied by 1 − OWN_SHARE, so that two
titles with the same features do not make the determinant 0."""


class Determinant:
    """How much the log determinant of the similarities of a list grows by each candidate: log d², at most 0.

    With quality q_i = exp(θ/(2(1−θ))·r_i) the log determinant of the list's kernel q_i·S_ij·q_j is, times 1 − θ,
    θ·Σ r_i + (1−θ)·log det S (their equation 9): the weighted sum of relevance and this addition, 1 − θ = diversity.

    similarity  ndarray of shape (n_users, n_candidates, n_candidates), positive semi-definite for each user; its
                diagonal is taken for 1
    n_taken     how many candidates will be taken at most
    """

    def __init__(self, similarity: NDArray[np.float64], n_taken: int) -> None:
        n_users, n_candidates = similarity.shape[:2]
        self._similarity = similarity * (1 - OWN_SHARE)
        diagonal = np.arange(n_candidates)
        self._similarity[:, diagonal, diagonal] = 1.0
        self._users = np.arange(n_users)
        self._rows = np.zeros((n_users, n_taken, n_candidates))  # of the incremental Cholesky factor
        self._rest = np.ones((n_users, n_candidates))  # d²: what the list so far leaves of each candidate
        self._n_taken = 0

    def values(self) -> NDArray[np.float64]:
        return np.log(self._rest)

    def take(self, places: NDArray[np.int64]) -> None:
        earlier = self._rows[:, : self._n_taken]
        own = earlier[self._users, :, places][:, None, :]
        row = self._similarity[self._users, places] - (own @ earlier)[:, 0]
        row /= np.sqrt(self._rest[self._users, places])[:, None]
        self._rows[:, self._n_taken] = row
        # No candidate outside the list has less than its own share left; below it there is only rounding.
        self._rest = np.maximum(self._rest - row * row, OWN_SHARE)
        self._n_taken += 1
