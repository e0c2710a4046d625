"""From ratings, features and parameters to a hybrid model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.features import ItemFeatures
from recsys_core.hybrid.model import HybridModel
from recsys_core.hybrid.weights import HybridWeights
from recsys_core.sources.als import ALSModel, ALSParameters, fit_als
from recsys_core.sources.content import ContentModel, ContentParameters, FeatureRidgeParameters, fit_feature_ridge
from recsys_core.sources.ease import EASEModel, EASEParameters, fit_ease
from recsys_core.sources.popularity import PopularityModel, fit_popularity
from recsys_core.sources.user_knn import UserKNNModel, UserKNNParameters, fit_user_knn

__all__ = ["Components", "assemble_hybrid", "fit_components", "fit_hybrid", "warm_items_first"]

_NEIGHBOURS = UserKNNParameters()


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """The fitted parts of a hybrid, before any weight is chosen.

    features  of the catalogue: the warm items in the order of the vocabulary, then the cold ones
    """

    als: ALSModel
    ease: EASEModel | None
    neighbours: UserKNNModel | None
    popularity: PopularityModel
    features: ItemFeatures
    feedback: Feedback


def fit_components(
    train: UserItemMatrix,
    features: ItemFeatures,
    *,
    als_parameters: ALSParameters,
    ease_parameters: EASEParameters | None,
    neighbour_parameters: UserKNNParameters | None = _NEIGHBOURS,
    feedback: Feedback,
) -> Components:
    """Fit ALS, EASE and user-kNN (unless their parameters are None) and popularity on ``train``.

    ``features`` hold at least the items of ``train``; all others in them become cold items.
    """
    ratings, ids = train.ratings, train.item_ids
    known = warm_items_first(features, ids)
    ease, neighbours = None, None
    if ease_parameters:
        ease = fit_ease(ratings, ids, ease_parameters, feedback=feedback, features=known.select(ids))
    if neighbour_parameters:
        neighbours = fit_user_knn(train, neighbour_parameters, feedback=feedback)
    return Components(
        als=fit_als(ratings, ids, als_parameters, feedback=feedback),
        ease=ease,
        neighbours=neighbours,
        popularity=fit_popularity(ratings, ids),
        features=known,
        feedback=feedback,
    )


def warm_items_first(features: ItemFeatures, item_ids: NDArray[np.int64]) -> ItemFeatures:
    """The features of ``item_ids``, then those of all other items by id."""
    cold = np.setdiff1d(features.item_ids, item_ids)
    return features.select(np.concatenate([item_ids, cold]))


def assemble_hybrid(
    components: Components, weights: HybridWeights, *, ridge_parameters: FeatureRidgeParameters | None = None
) -> HybridModel:
    """A hybrid of fitted parts. Factors of the cold items come from a ridge regression on the warm items' features."""
    content_parameters = (
        ContentParameters(group_weights=dict(weights.group_weights)) if weights.group_weights else ContentParameters()
    )
    features = components.features
    n_warm = len(components.als.item_ids)
    warm = features.select(features.item_ids[:n_warm])
    cold = features.select(features.item_ids[n_warm:])
    ridge = fit_feature_ridge(
        warm,
        components.als.item_factors,
        ridge_parameters or FeatureRidgeParameters(),
        n_ratings=components.popularity.n_ratings,
    )
    return HybridModel(
        als=components.als,
        ease=components.ease if weights.ease > 0 else None,
        neighbours=components.neighbours if weights.neighbours > 0 else None,
        content=ContentModel(features, content_parameters, components.feedback.middle),
        popularity=components.popularity,
        cold_factors=ridge.predict(cold),
        weights=weights,
    )


def fit_hybrid(
    train: UserItemMatrix,
    features: ItemFeatures,
    *,
    als_parameters: ALSParameters,
    ease_parameters: EASEParameters | None,
    weights: HybridWeights,
    feedback: Feedback,
    neighbour_parameters: UserKNNParameters | None = _NEIGHBOURS,
    ridge_parameters: FeatureRidgeParameters | None = None,
) -> HybridModel:
    """Fit all parts on ``train`` and blend them: for evaluation on the training part, for release on all ratings."""
    components = fit_components(
        train,
        features,
        als_parameters=als_parameters,
        ease_parameters=ease_parameters if weights.ease > 0 else None,
        neighbour_parameters=neighbour_parameters if weights.neighbours > 0 else None,
        feedback=feedback,
    )
    return assemble_hybrid(components, weights, ridge_parameters=ridge_parameters)
