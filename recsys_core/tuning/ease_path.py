"""EASE scores for many regularizations without training a model for each."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.schema import RatingScale
from recsys_core.ease import EASEModel, EASEParameters, fit_ease
from recsys_core.ease.fit import most_rated
from recsys_core.ease.model import rating_strength
from recsys_core.scoring import check_user_ratings

__all__ = ["EASEPath"]


class EASEPath:
    """Scores of EASE models that differ in regularization λ alone.

    EASE needs P = (XᵀX + λI)⁻¹ over items. With fewer users than items it follows from the users' eigenvectors
    XXᵀ = V·diag(l)·Vᵀ, found once: with W = XᵀV, P = (I − W·diag(1 / (l + λ))·Wᵀ) / λ (Woodbury). Scores of new
    rows x are then x·(I − P·diag(1 / P_ii)) without P ever being formed. With more users than items each λ is
    fitted as usual.
    """

    def __init__(
        self,
        user_items: csr_matrix,
        item_ids: NDArray[np.int64],
        parameters: EASEParameters,
        *,
        rating_scale: RatingScale,
    ) -> None:
        self._ratings = check_user_ratings(user_items, len(item_ids))
        self._item_ids = item_ids
        self._parameters = parameters
        self._scale = rating_scale
        self._kept = most_rated(self._ratings, parameters.max_items)
        self._dual = self._ratings.shape[0] < len(self._kept)
        self._fit = lru_cache(maxsize=1)(self._fit_at)
        if self._dual:
            strength = self._strength(self._ratings)
            self._eigenvalues, vectors = np.linalg.eigh((strength @ strength.T).toarray().astype(np.float64))
            self._eigenvalues = np.maximum(self._eigenvalues, 0.0)
            self._basis: NDArray[np.float64] = np.asarray(strength.T @ vectors)

    def score(self, user_ratings: csr_matrix, regularization: float) -> NDArray[np.float32]:
        """What ``fit_ease(..., regularization).score(user_ratings)`` gives: float32 (n_users, n_items)."""
        if not self._dual:
            return self._fit(regularization).score(user_ratings)
        ratings = check_user_ratings(user_ratings, len(self._item_ids))
        strength = self._strength(ratings)
        shrunk = 1.0 / (self._eigenvalues + regularization)
        diagonal = 1.0 - np.square(self._basis) @ shrunk  # λ·P_ii
        rows = strength.toarray().astype(np.float64)
        product = rows - ((strength @ self._basis) * shrunk) @ self._basis.T  # λ·x·P
        scores = np.zeros((ratings.shape[0], len(self._item_ids)), dtype=np.float32)
        scores[:, self._kept] = rows - product / diagonal
        return scores

    def _fit_at(self, regularization: float) -> EASEModel:
        parameters = self._parameters.replace(regularization=regularization)
        return fit_ease(self._ratings, self._item_ids, parameters, rating_scale=self._scale)

    def _strength(self, ratings: csr_matrix) -> csr_matrix:
        return csr_matrix(rating_strength(ratings, self._parameters.rating_power, self._scale.maximum)[:, self._kept])
