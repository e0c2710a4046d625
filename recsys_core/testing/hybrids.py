"""Small hybrid models with a planted structure, for the tests of everything that is built on them."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.hybrid import HybridModel, HybridWeights, fit_hybrid
from recsys_core.hybrid.fit import SourceParameters
from recsys_core.sources.als import ALSParameters
from recsys_core.sources.ease import EASEParameters
from recsys_core.sources.recent_popularity import RecentPopularityParameters
from recsys_core.sources.user_knn import UserKNNParameters
from recsys_core.testing.builders import planted_features, planted_interactions

__all__ = [
    "PLANTED_PARAMETERS",
    "PLANTED_WEIGHTS",
    "as_interactions",
    "cold_ids",
    "planted_hybrid",
    "planted_hybrid_on",
]

PLANTED_WEIGHTS = HybridWeights(
    taste={"als": 1.0, "ease": 0.7, "content": 0.4, "popularity": 0.1},
    prior={"recent_popularity": 0.9, "popularity": 0.2, "neighbours": 0.5},
    group_weights={"genre": 1.0, "tags": 0.3},
    kappa=2.0,
    gate_power=1.0,
    dislikes=1.5,
)
PLANTED_PARAMETERS: SourceParameters = {
    "als": ALSParameters(factors=6, regularization=2.0, iterations=6),
    "ease": EASEParameters(regularization=5.0, max_items=25, feature_weight=2.0),
    "recent_popularity": RecentPopularityParameters(half_life=0.01, step=0.005),
    "neighbours": UserKNNParameters(neighbours=8, shrinkage=2.0, half_life=0.01),
}


def planted_hybrid(
    weights: HybridWeights = PLANTED_WEIGHTS, *, n_cold: int = 7, seed: int = 3
) -> tuple[HybridModel, UserItemMatrix]:
    """A hybrid of 40 warm items, of which 25 take part in EASE, and ``n_cold`` cold ones; and its training ratings."""
    train = planted_interactions(60, 40, 900, seed=seed)
    return planted_hybrid_on(train, weights, n_cold=n_cold), train


def planted_hybrid_on(
    train: UserItemMatrix,
    weights: HybridWeights = PLANTED_WEIGHTS,
    *,
    n_cold: int = 7,
    parameters: SourceParameters = PLANTED_PARAMETERS,
    feedback: Feedback = MOVIELENS.feedback,
) -> HybridModel:
    """A hybrid fitted on ``train``; ids of cold items stand between those of the warm ones."""
    return fit_hybrid(
        train,
        planted_features(np.sort(np.concatenate([train.item_ids, cold_ids(train, n_cold)]))),
        parameters=parameters,
        weights=weights,
        feedback=feedback,
    )


def cold_ids(train: UserItemMatrix, n_cold: int) -> NDArray[np.int64]:
    """Ids that are not in training."""
    return np.asarray(train.item_ids[:n_cold] + 1, dtype=np.int64)


def as_interactions(user_items: csr_matrix, item_ids: NDArray[np.int64]) -> UserItemMatrix:
    """A rating matrix with ids and times that do not matter."""
    user_ids = np.arange(1, user_items.shape[0] + 1, dtype=np.int64)
    return UserItemMatrix(user_items, np.arange(user_items.nnz, dtype=np.int64), user_ids, item_ids)
