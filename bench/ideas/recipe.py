"""Recipes: which parts, which weights. An idea changes one of them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bench.ideas.folds import Fold, Scores, Source
from bench.ideas.sources import ALS, EASE, Content, Neighbours, Popularity, als, ease
from recsys_core.hybrid import ComponentScores, HybridWeights
from recsys_core.sources.content import ContentParameters
from recsys_core.sources.ease import EASEParameters

__all__ = ["FULL", "NO_TITLE", "PLAIN", "WITH_FEATURES", "Alone", "Recipe", "content_groups"]

NO_TITLE = {"genre": 0.3, "decade": 0.3, "tags": 0.3, "genome": 1.0}
"""EASE's feature groups by default, without the words of the titles."""


def content_groups(**changes: float) -> tuple[tuple[str, float], ...]:
    """Weights of the content groups: the defaults without titles, and ``changes``."""
    return tuple({**ContentParameters().group_weights, "title": 0.0, **changes}.items())


@dataclass(frozen=True, slots=True)
class Recipe:
    """The parts of a hybrid and its weights; ``neighbours`` take part where their weight is above 0."""

    name: str
    als: Source
    ease: Source
    content: Source
    neighbours: Source
    weights: HybridWeights

    def but(self, name: str, *, weights: dict[str, float] | None = None, **parts: Any) -> "Recipe":
        """The same recipe with other ``parts`` (sources, by field) or ``weights``."""
        blend = self.weights if weights is None else self.weights.replace(**weights)
        return replace(self, name=name, weights=blend, **parts)

    def scores(self, fold: Fold) -> dict[str, Scores]:
        """For each view of ``fold``, of shape (n_users, n_items)."""
        own = {name: fold.standardised(getattr(self, name)) for name in ("als", "ease", "content")}
        nearby = fold.standardised(self.neighbours) if self.weights.neighbours > 0 else None
        popular = fold.standardised(Popularity())
        return {
            name: ComponentScores(
                np.diff(view.history.ratings.indptr).astype(np.int64),
                own["als"][name],
                own["ease"][name],
                own["content"][name],
                nearby[name] if nearby is not None else None,
                popular[name][0],
            ).blend(self.weights)
            for name, view in fold.views.items()
        }


@dataclass(frozen=True, slots=True)
class Alone:
    """One source without a blend."""

    name: str
    source: Source

    def scores(self, fold: Fold) -> dict[str, Scores]:
        return fold.standardised(self.source)


PLAIN = Recipe(
    "plain",
    ALS(als()),
    EASE(ease()),
    Content(content_groups()),
    Neighbours(),
    HybridWeights(kappa=40.0, gate_power=1.0, neighbours=0.0),
)
"""ALS, EASE without features, content without titles, popularity behind the gate α(n) = n / (n + κ)."""

WITH_FEATURES = PLAIN.but("EASE with features", ease=EASE(ease(feature_weight=10.0, group_weights=NO_TITLE)))

FULL = Recipe(
    "all defaults",
    ALS(als()),
    EASE(EASEParameters()),
    Content(tuple(ContentParameters().group_weights.items())),
    Neighbours(),
    HybridWeights(),
)
"""All defaults of the recommender."""
