"""ALS by exact solutions in NumPy: slow, readable, the oracle of the native trainer."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.feedback import Feedback
from recsys_core.sources.als import ALSModel, ALSParameters, rating_confidence, regularized_gram, solve_rows
from recsys_core.sources.als.fit import initial_factors

__all__ = ["als_loss", "fit_als_in_numpy"]

Factors = NDArray[np.float32]


def fit_als_in_numpy(
    ratings: csr_matrix, item_ids: NDArray[np.int64], parameters: ALSParameters, *, feedback: Feedback
) -> ALSModel:
    """What :func:`recsys_core.sources.als.fit_als` approximates with conjugate gradients, from the same start."""
    confidence = rating_confidence(ratings, parameters, feedback)
    item_users = csr_matrix(confidence.T)
    item_factors = initial_factors(ratings.shape, parameters)[1]
    for _ in range(parameters.iterations):
        user_factors = _solved(item_factors, confidence, parameters)
        item_factors = _solved(user_factors, item_users, parameters)
    return ALSModel(item_ids, item_factors, parameters, feedback)


def _solved(factors: Factors, confidence: csr_matrix, parameters: ALSParameters) -> Factors:
    return solve_rows(factors, confidence, regularized_gram(factors, parameters.regularization))


def als_loss(model: ALSModel, ratings: csr_matrix) -> float:
    """What training makes small, of the model and of ``ratings`` folded in."""
    confidence = rating_confidence(ratings, model.parameters, model.feedback).toarray()
    weight = np.where(confidence == 0, 1.0, np.abs(confidence))
    users = model.fold_in(ratings)
    penalty = (users.astype(np.float64) ** 2).sum() + (model.item_factors.astype(np.float64) ** 2).sum()
    error = weight * ((confidence > 0) - users @ model.item_factors.T) ** 2
    return float(error.sum() + model.parameters.regularization * penalty)
