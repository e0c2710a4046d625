"""What a hybrid is made of: the sources, how they are weighed, and the items that none of them knows."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys_core.dataset.feedback import Feedback
from recsys_core.errors import ShapeError
from recsys_core.hybrid.cold import ColdTitles
from recsys_core.hybrid.weights import HybridWeights
from recsys_core.ranking import tie_ranks
from recsys_core.sources.als import ALSModel
from recsys_core.sources.content import ContentModel
from recsys_core.sources.popularity import PopularityModel
from recsys_core.sources.source import Source
from recsys_core.sources.table import SOURCES, source_named

__all__ = ["OWN_SAY", "HybridParts"]

OWN_SAY = 1 / 3
"""Share of content's weight in what is predicted for cold items."""


@dataclass(frozen=True, eq=False)
class HybridParts:
    """The fields of :class:`recsys_core.hybrid.HybridModel`, and what follows from them.

    sources   by name, in the order of the table; those that are not here have no weight
    usual     the usual spread of a user's scores, by source
    cold      the items without a training rating
    weights   of the blend
    feedback  what ratings say
    """

    sources: Mapping[str, Source]
    usual: Mapping[str, float]
    cold: ColdTitles
    weights: HybridWeights
    feedback: Feedback

    def __post_init__(self) -> None:
        missing = [kind.name for kind in SOURCES if kind.needed and kind.name not in self.sources]
        if missing:
            raise ShapeError(f"a hybrid needs {', '.join(missing)}")
        expected = (len(self.cold_item_ids), self.n_items)
        if self.cold.from_warm.shape != expected:
            raise ShapeError(f"cold.from_warm has shape {self.cold.from_warm.shape}, the catalogue says {expected}")
        for name, source in self.sources.items():
            if not np.array_equal(source.item_ids, self.item_ids):
                raise ShapeError(f"{name} was fitted on other items than ALS ({len(source.item_ids)}, {self.n_items})")

    def with_weights(self, weights: HybridWeights) -> Self:
        """The same sources blended otherwise; what does not depend on weights is shared, not computed anew."""
        other = copy(self)
        object.__setattr__(other, "weights", weights)
        return other

    @property
    def for_cold(self) -> Self:
        """The blend whose scores are predicted for cold items: content has a third of its say.

        A prediction goes by features already. What they say of the rated items, too, would count twice in it: with as
        much content as tastes are best told by, new titles are told worse than with none.
        """
        taste, prior = (
            {name: weight * (OWN_SAY if name == "content" else 1) for name, weight in weights.items()}
            for weights in (self.weights.taste, self.weights.prior)
        )
        return self.with_weights(self.weights.replace(taste=taste, prior=prior))

    @property
    def als(self) -> ALSModel:
        found = self.sources["als"]
        assert isinstance(found, ALSModel)
        return found

    @property
    def content(self) -> ContentModel:
        found = self.sources["content"]
        assert isinstance(found, ContentModel)
        return found

    @property
    def popularity(self) -> PopularityModel:
        found = self.sources["popularity"]
        assert isinstance(found, PopularityModel)
        return found

    @property
    def item_ids(self) -> NDArray[np.int64]:
        """The warm items, of shape (n_items,), sorted."""
        return self.als.item_ids

    @property
    def catalogue_ids(self) -> NDArray[np.int64]:
        """The warm items, then the cold ones."""
        return self.content.features.item_ids

    @property
    def cold_item_ids(self) -> NDArray[np.int64]:
        """The cold items, of shape (n_cold,); their item numbers follow those of the warm ones."""
        return self.catalogue_ids[self.n_items :]

    @property
    def n_items(self) -> int:
        return len(self.als.item_ids)

    def steady(self, name: str) -> float:
        """What the spread of a user's scores of a source is never taken for much less than."""
        return source_named(name).steady * self.usual.get(name, 0.0)

    @cached_property
    def tie_rank(self) -> NDArray[np.int64]:
        """In which order the items of the catalogue come when their scores are equal."""
        return tie_ranks(self.catalogue_ids)

    @cached_property
    def low_rank(self) -> tuple[str, ...]:
        """Names of the sources that enter as factors."""
        return tuple(name for name, source in self.sources.items() if source.item_side is not None)

    @cached_property
    def averse(self) -> tuple[str, ...]:
        """Names of the sources that tell what is like disliked titles."""
        return tuple(name for name in self.sources if source_named(name).averse)

    @cached_property
    def item_sides(self) -> NDArray[np.float32]:
        """The item sides of the low-rank sources, and a row of ones: float32 of shape (rank, n_items)."""
        sides = [self.sources[name].item_side for name in self.low_rank]
        ones = np.ones((1, self.n_items), dtype=np.float32)
        return np.ascontiguousarray(np.concatenate([*(side for side in sides if side is not None), ones]))
