"""The parts that a recipe can have, each made of the recommender's public functions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from bench.ideas.folds import Fold, Scores, Source, TagCounting
from bench.ideas.recency import Weighting, weighted_ratings
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.dataset.schema import MOVIELENS
from recsys_core.sources.als import ALSModel, ALSParameters, fit_als
from recsys_core.sources.content import ContentParameters, fit_content
from recsys_core.sources.ease import EASEModel, EASEParameters, fit_ease
from recsys_core.sources.ease.fit import most_rated, solve_ease, solve_ease_by_users
from recsys_core.sources.ease.model import rating_strength
from recsys_core.sources.popularity import fit_popularity
from recsys_core.sources.user_knn import UserKNNParameters, fit_user_knn

__all__ = ["ALS", "EASE", "Averaged", "Content", "LinearVariant", "Neighbours", "Popularity", "als", "ease"]

SCALE = MOVIELENS.feedback
_DISLIKED = 0.6  # of the scale: 3 of 5 stars, as in ALSParameters.dislike_threshold


@dataclass(frozen=True, slots=True)
class ALS:
    """ALS; ``history`` weighs the user's own known ratings, ``training`` those of the others.

    With weights, ratings below the threshold of dislike are left out of both, which for a dislike_confidence of 1 is
    the same model: |confidence| − 1 and preference are 0, as for a pair that nobody observed.
    """

    parameters: ALSParameters
    history: Weighting | None = None
    training: Weighting | None = None

    def scores(self, fold: Fold) -> dict[str, Scores]:
        model = fold.once(("als", repr(self.parameters), repr(self.training)), lambda: self._fit(fold))
        if self.history is None and self.training is None:
            return {name: model.score(view.history.ratings) for name, view in fold.views.items()}
        return {
            name: _without_threshold(model).score(self._weighted(view.history, self.history))
            for name, view in fold.views.items()
        }

    def _fit(self, fold: Fold) -> ALSModel:
        ids = fold.train.item_ids
        if self.training is None:
            return fit_als(fold.train.ratings, ids, self.parameters, feedback=SCALE)
        unbounded = self.parameters.replace(dislike_threshold=None)
        return fit_als(self._weighted(fold.train, self.training), ids, unbounded, feedback=SCALE)

    def _weighted(self, rows: UserItemMatrix, weighting: Weighting | None) -> csr_matrix:
        threshold = (self.parameters.dislike_threshold or 0) * SCALE.maximum
        ratings = weighted_ratings(rows, weighting, self.parameters.rating_power).copy()
        ratings.data[rows.ratings.data < np.float32(threshold)] = 0
        ratings.eliminate_zeros()
        return ratings


def _without_threshold(model: ALSModel) -> ALSModel:
    """The same factors for ratings that were filtered already."""
    parameters = model.parameters.replace(dislike_threshold=None)
    return ALSModel(model.item_ids, model.item_factors, model.user_factors, parameters, model.rating_scale_max)


@dataclass(frozen=True, slots=True)
class EASE:
    """EASE with the features that its parameters give a weight; weights as in :class:`ALS`."""

    parameters: EASEParameters
    history: Weighting | None = None
    training: Weighting | None = None
    tags: TagCounting = "times"

    def scores(self, fold: Fold) -> dict[str, Scores]:
        key = ("ease", repr(self.parameters), repr(self.training), self.tags)
        model = fold.once(key, lambda: self._fit(fold))
        power = self.parameters.rating_power
        return {
            name: model.score(weighted_ratings(view.history, self.history, power)) for name, view in fold.views.items()
        }

    def _fit(self, fold: Fold) -> EASEModel:
        ids = fold.train.item_ids
        ratings = weighted_ratings(fold.train, self.training, self.parameters.rating_power)
        features = fold.features(self.tags).select(ids)
        return fit_ease(ratings, ids, self.parameters, feedback=SCALE, features=features)


@dataclass(frozen=True, slots=True)
class LinearVariant:
    """Plain EASE with one thing changed.

    disliked    ratings below 3 of 5 stars enter as this instead of (rating / maximum)^power
    user_power  a user with n ratings counts (n / mean n)^−user_power
    dropout     adds dropout·XᵀX's diagonal to the penalty, as training with items left out at random does
                (Steck 2020, "Autoencoders that don't overfit towards the Identity", NeurIPS)
    """

    parameters: EASEParameters
    disliked: float | None = None
    user_power: float = 0.0
    dropout: float = 0.0

    def scores(self, fold: Fold) -> dict[str, Scores]:
        train, p = fold.train, self.parameters
        kept = most_rated(train.ratings, p.max_items, p.min_item_ratings)
        lengths = np.diff(train.ratings.indptr)
        by_user = np.sqrt((np.maximum(lengths, 1) / lengths.mean()) ** -self.user_power).astype(np.float32)
        rows = csr_matrix(diags_array(by_user) @ self._strength(train.ratings))[:, kept]
        weights = self._solve(rows)
        found = {}
        for name, view in fold.views.items():
            found[name] = np.zeros(view.history.ratings.shape, dtype=np.float32)
            found[name][:, kept] = self._strength(view.history.ratings)[:, kept] @ weights
        return found

    def _solve(self, rows: csr_matrix) -> NDArray[np.float32]:
        if not self.dropout and rows.shape[0] < rows.shape[1]:
            return solve_ease_by_users(rows, self.parameters.regularization)
        gram = (rows.T @ rows).toarray()
        gram[np.diag_indices_from(gram)] *= 1 + self.dropout
        return solve_ease(gram, self.parameters.regularization)

    def _strength(self, ratings: csr_matrix) -> csr_matrix:
        strength = rating_strength(ratings, self.parameters.rating_power, SCALE.maximum)
        if self.disliked is not None:
            strength.data[ratings.data < np.float32(_DISLIKED * SCALE.maximum)] = np.float32(self.disliked)
        return strength


@dataclass(frozen=True, slots=True)
class Content:
    """Weighted cosines of feature groups; ``groups`` are (name, weight)."""

    groups: tuple[tuple[str, float], ...]
    tags: TagCounting = "times"

    def scores(self, fold: Fold) -> dict[str, Scores]:
        parameters = ContentParameters(group_weights=dict(self.groups))
        model = fit_content(fold.features(self.tags), fold.train.item_ids, parameters, feedback=SCALE)
        return {name: model.score(view.history.ratings) for name, view in fold.views.items()}


@dataclass(frozen=True, slots=True)
class Neighbours:
    """User-kNN with its defaults."""

    def scores(self, fold: Fold) -> dict[str, Scores]:
        model = fold.once("neighbours", lambda: fit_user_knn(fold.train, UserKNNParameters(), feedback=SCALE))
        return {name: model.score(view.history.ratings) for name, view in fold.views.items()}


@dataclass(frozen=True, slots=True)
class Popularity:
    """log(1 + number of training ratings), the same for everybody."""

    def scores(self, fold: Fold) -> dict[str, Scores]:
        row = fit_popularity(fold.train.ratings, fold.train.item_ids).log_popularity[None, :]
        return {name: np.repeat(row, view.history.n_users, axis=0) for name, view in fold.views.items()}


@dataclass(frozen=True, slots=True)
class Averaged:
    """The mean of several sources' z-scores."""

    sources: tuple[Source, ...]

    def scores(self, fold: Fold) -> dict[str, Scores]:
        each = [fold.standardised(source) for source in self.sources]
        return {name: np.mean([scores[name] for scores in each], axis=0, dtype=np.float32) for name in fold.views}


def als(**changes: Any) -> ALSParameters:
    """The defaults of ALS with ``changes``; one thread, for other threads change nothing but the time."""
    return ALSParameters(threads=1, **changes)


def ease(**changes: Any) -> EASEParameters:
    """The defaults of EASE with ``changes``, without features unless they give a ``feature_weight``."""
    return EASEParameters(**{"feature_weight": 0.0, **changes})
