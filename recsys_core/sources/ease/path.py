"""EASE for many parameters, without building each model from the start."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.gram import gram_of
from recsys_core.scoring import check_user_ratings
from recsys_core.sources.ease.fit import feature_rows, item_scale, most_rated, solve_ease, training_rows
from recsys_core.sources.ease.model import EASEModel
from recsys_core.sources.ease.parameters import EASEParameters
from recsys_core.sources.source import Training

__all__ = ["EASEPath"]

_SINGLE_PRECISION_RATIO = 1e5  # Gram matrices with a larger trace per regularization are factorised in double precision
_SOLVED_FOR = ("regularization", "feature_weight", "user_power", "item_power")


class EASEPath:
    """EASE models that differ in what a search tries: λ, the features' weight φ and the two powers.

    The Gram matrices of ratings and of features, XᵀX and FFᵀ, are made once (XᵀX anew for another user power). A point
    needs the inverse of XᵀX + φ·FFᵀ + λI, most of it in single precision: it is judged by the ranking that it gives,
    nothing else.
    """

    def __init__(self, training: Training, parameters: EASEParameters) -> None:
        matrix = training.matrix
        self._item_ids, self._feedback = matrix.item_ids, training.feedback
        self._ratings = check_user_ratings(matrix, matrix.n_items)
        self._kept = most_rated(self._ratings, parameters.max_items, parameters.min_item_ratings)
        self._gram: tuple[float, NDArray[np.float32]] | None = None
        self._features: NDArray[np.float32] | None = None
        if parameters.group_weights and training.features.groups:
            known = training.features.select(matrix.item_ids)
            described = csr_matrix(feature_rows(known, matrix.item_ids, parameters)[:, self._kept])
            self._features = gram_of(described)
        self._last: tuple[tuple[float, ...], NDArray[np.float32]] | None = None

    def __call__(self, parameters: EASEParameters) -> EASEModel:
        """What ``fit_ease`` with ``parameters`` gives, up to rounding."""
        point = tuple(getattr(parameters, name) for name in _SOLVED_FOR)
        if self._last is None or self._last[0] != point:
            self._last = None  # two of them need not fit into memory
            self._last = (point, self._solve(parameters))
        return EASEModel(self._item_ids, self._kept, self._last[1], parameters, self._feedback)

    def _solve(self, parameters: EASEParameters) -> NDArray[np.float32]:
        gram = self._ratings_gram(parameters)
        if self._features is not None and parameters.feature_weight > 0:
            gram = gram + np.float32(parameters.feature_weight) * self._features
        scale = item_scale(np.diag(gram), parameters.item_power)
        if parameters.item_power > 0:
            gram = gram * scale * scale[:, None]
        single = float(np.diag(gram).max(initial=0.0)) < _SINGLE_PRECISION_RATIO * parameters.regularization
        weights = solve_ease(gram, parameters.regularization, precision=np.float32 if single else np.float64)
        if parameters.item_power > 0:
            weights *= scale[:, None] / scale
        return weights

    def _ratings_gram(self, parameters: EASEParameters) -> NDArray[np.float32]:
        if self._gram is None or self._gram[0] != parameters.user_power:
            rows = training_rows(self._ratings, self._kept, parameters, self._feedback)
            self._gram = (parameters.user_power, gram_of(rows))
        return self._gram[1]
