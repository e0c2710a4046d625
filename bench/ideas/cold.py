"""Scores of titles that nobody has rated: what is known of rated titles, carried over by their features."""

from dataclasses import dataclass, replace

import numpy as np

from bench.accuracy.controls import metadata_counts
from bench.ideas.folds import COLD, Fold, Scores
from bench.ideas.recipe import content_groups
from bench.ideas.sources import ALS, EASE, SCALE, als
from recsys_core.hybrid.moments import dense_moments
from recsys_core.sources.content import ContentParameters, FeatureRidgeParameters, fit_content, fit_feature_ridge
from recsys_core.sources.ease import EASEParameters
from recsys_core.sources.popularity import fit_popularity

__all__ = ["BOTH", "PLAIN_COLD", "ColdRecipe", "Cosine", "MetadataCount"]

_SOURCES = ("als", "ease", "popularity")


@dataclass(frozen=True, slots=True)
class ColdRecipe:
    """z(ALS) by ridge regression on the features of the rated titles, and what is added to it.

    title        the words of the titles are among the features
    count_power  a rated title counts (number of its ratings)^count_power in the regression
    ease, popularity  weights of z(EASE with features) and z(log popularity), carried over by the same regression
    content      weight of z(content)
    """

    name: str
    title: bool = False
    count_power: float = 0.0
    ease: float = 0.0
    popularity: float = 0.0
    content: float = 0.0

    def but(self, name: str, **changes: float) -> "ColdRecipe":
        return replace(self, name=name, **changes)  # type: ignore[arg-type]

    def scores(self, fold: Fold) -> dict[str, Scores]:
        """``{"cold": ndarray of shape (n_users, n_held_back)}``."""
        carried = fold.once(("carried", self.title, self.count_power), lambda: self._carried(fold))
        found = carried["als"] + np.float32(self.ease) * carried["ease"]
        found += np.float32(self.popularity) * carried["popularity"]
        if self.content:
            found += np.float32(self.content) * fold.once("cold content", lambda: _content(fold))
        return {COLD: found}

    def _carried(self, fold: Fold) -> dict[str, Scores]:
        """Every source's scores of the held-back titles: its z-scores of rated ones are what the ridge predicts."""
        train = fold.train
        popularity = fit_popularity(train.ratings, train.item_ids)
        log_counts = popularity.log_popularity[None, :]
        known = {
            "als": fold.standardised(ALS(als()))[COLD],
            "ease": fold.standardised(EASE(EASEParameters()))[COLD],
            "popularity": dense_moments(log_counts).standardise(log_counts.copy()),
        }
        groups = {**FeatureRidgeParameters().group_weights}
        if not self.title:
            del groups["title"]
        ridge = fit_feature_ridge(
            fold.features().select(train.item_ids),
            np.concatenate([known[name] for name in _SOURCES]).T,
            FeatureRidgeParameters(group_weights=groups, count_power=self.count_power),
            n_ratings=popularity.n_ratings,
        )
        predicted = ridge.predict(fold.features().select(fold.held_back_ids)).T
        ends = np.cumsum([len(known[name]) for name in _SOURCES])[:-1]
        return dict(zip(_SOURCES, np.split(predicted, ends), strict=True))


@dataclass(frozen=True, slots=True)
class Cosine:
    """The similarity of the survey features alone."""

    name: str = "cosine of the survey features"

    def scores(self, fold: Fold) -> dict[str, Scores]:
        parameters = ContentParameters(group_weights={"genome": 1.0})
        model = fit_content(fold.features(), fold.train.item_ids, parameters, feedback=SCALE)
        return {COLD: model.score_items(fold.views[COLD].history.ratings, fold.features().select(fold.held_back_ids))}


@dataclass(frozen=True, slots=True)
class MetadataCount:
    """How many metadata rows there are about a title, without reading them."""

    name: str = "number of metadata rows"

    def scores(self, fold: Fold) -> dict[str, Scores]:
        counts = metadata_counts(fold.tables, fold.known_to, fold.held_back_ids).astype(np.float32)
        return {COLD: np.repeat(counts[None, :], fold.views[COLD].history.n_users, axis=0)}


def _content(fold: Fold) -> Scores:
    """z(content) of the held-back titles, on the scale of the rated ones."""
    parameters = ContentParameters(group_weights=dict(content_groups()))
    model = fit_content(fold.features(), fold.train.item_ids, parameters, feedback=SCALE)
    known = fold.views[COLD].history.ratings
    cold = model.score_items(known, fold.features().select(fold.held_back_ids))
    return dense_moments(model.score(known)).standardise(cold)


PLAIN_COLD = ColdRecipe("ridge to ALS")
BOTH = ColdRecipe("title words and counts", title=True, count_power=0.5)
