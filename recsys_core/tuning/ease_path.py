"""EASE scores of tuning users for many regularizations and feature weights, without building each model."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.feedback import Feedback
from recsys_core.features import ItemFeatures
from recsys_core.scoring import check_user_ratings
from recsys_core.sources.ease import EASEParameters
from recsys_core.sources.ease.fit import feature_rows, most_rated, solve_ease
from recsys_core.sources.ease.model import rating_strength

__all__ = ["EASEPath"]

_SINGLE_PRECISION_RATIO = 1e5  # Gram matrices with a larger trace per regularization are factorised in double precision


class EASEPath:
    """Scores of EASE models that differ in regularization λ and feature weight φ alone.

    The Gram matrices of ratings and of features, XᵀX and FFᵀ, are made once. A point needs the inverse of
    XᵀX + φ·FFᵀ + λI, most of it in single precision: it is judged by the ranking that it gives, nothing else.
    """

    def __init__(
        self,
        user_items: csr_matrix,
        item_ids: NDArray[np.int64],
        parameters: EASEParameters,
        *,
        feedback: Feedback,
        features: ItemFeatures | None = None,
    ) -> None:
        self._ratings = check_user_ratings(user_items, len(item_ids))
        self._n_items = len(item_ids)
        self._parameters = parameters
        self._scale = feedback
        self._kept = most_rated(self._ratings, parameters.max_items, parameters.min_item_ratings)
        strength = self._strength(self._ratings)
        self._gram = (strength.T @ strength).toarray().astype(np.float32)
        self._features: NDArray[np.float32] | None = None
        if features is not None and parameters.group_weights:
            described = csr_matrix(feature_rows(features, item_ids, parameters)[:, self._kept])
            self._features = (described.T @ described).toarray().astype(np.float32)
        self._last: tuple[tuple[float, float], NDArray[np.float32]] | None = None

    def score(
        self, user_ratings: csr_matrix, regularization: float, feature_weight: float = 0.0
    ) -> NDArray[np.float32]:
        """What ``fit_ease`` with these two gives, up to rounding: float32 (n_users, n_items)."""
        ratings = check_user_ratings(user_ratings, self._n_items)
        scores = np.zeros((ratings.shape[0], self._n_items), dtype=np.float32)
        scores[:, self._kept] = self._strength(ratings) @ self._weights(regularization, feature_weight)
        return scores

    def _weights(self, regularization: float, feature_weight: float) -> NDArray[np.float32]:
        point = (regularization, feature_weight)
        if self._last is None or self._last[0] != point:
            self._last = None  # two of them need not fit into memory
            self._last = (point, self._solve(regularization, feature_weight))
        return self._last[1]

    def _solve(self, regularization: float, feature_weight: float) -> NDArray[np.float32]:
        gram: NDArray[np.float32] = self._gram
        if self._features is not None and feature_weight > 0:
            gram = gram + np.float32(feature_weight) * self._features
        single = float(np.diag(gram).max(initial=0.0)) < _SINGLE_PRECISION_RATIO * regularization
        return solve_ease(gram, regularization, precision=np.float32 if single else np.float64)

    def _strength(self, ratings: csr_matrix) -> csr_matrix:
        return csr_matrix(rating_strength(ratings, self._parameters.rating_power, self._scale.maximum)[:, self._kept])
