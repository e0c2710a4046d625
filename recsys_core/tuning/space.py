"""The search space as data: one line per parameter; the tuner knows nothing else about what it tunes."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Final

from recsys_core.errors import ParameterError
from recsys_core.hybrid import HybridWeights
from recsys_core.sources.search_space import SearchParameter
from recsys_core.sources.table import SOURCES

__all__ = [
    "GROUP_PREFIX",
    "MANY_RATINGS",
    "SEARCH_SPACE",
    "SIDES",
    "STAGES",
    "StageSpace",
    "for_ratings",
    "with_values",
]

STAGES = (*(kind.name for kind in SOURCES if kind.is_tuned), "blend", "gate")
"""Stages of tuning in their order: sources by themselves, then weights."""
SIDES = {"blend": "taste", "gate": "prior"}
"""The weights of the sources that the last two stages search."""
GROUP_PREFIX = "weight_"


class StageSpace:
    """The parameters of one stage, and a digest by which a stored study is recognised as the same search."""

    def __init__(self, stage: str, parameters: Iterable[SearchParameter]) -> None:
        self.stage = stage
        self.parameters = tuple(p for p in parameters if p.stage == stage)
        names = [p.name for p in self.parameters]
        if len(set(names)) != len(names):
            raise ParameterError(f"search space of stage {stage} names a parameter twice: {', '.join(sorted(names))}")

    @property
    def defaults(self) -> dict[str, float | int]:
        return {p.name: p.default_value for p in self.parameters}

    def without_groups_outside(self, groups: Iterable[str]) -> "StageSpace":
        """The space without weights of feature groups that the data does not have."""
        known = {GROUP_PREFIX + group for group in groups}
        kept = (p for p in self.parameters if not p.name.startswith(GROUP_PREFIX) or p.name in known)
        return StageSpace(self.stage, kept)

    def without(self, names: Iterable[str]) -> "StageSpace":
        """The space without the parameters ``names``."""
        left_out = set(names)
        return StageSpace(self.stage, (p for p in self.parameters if p.name not in left_out))

    def digest(self, *context: object) -> str:
        """Hex digest of the space and of ``context`` (further JSON values that determine the objective)."""
        text = json.dumps([self.stage, [p.as_dict() for p in self.parameters], *context], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


SEARCH_SPACE: tuple[SearchParameter, ...] = (
    *(parameter for kind in SOURCES for parameter in kind.search),
    SearchParameter(stage="gate", name="kappa", low=2.0, high=150.0, log=True, default=15.0),
)
"""What the sources declare, and κ; ranges that hold good values on a hundred thousand ratings.

The weight of popularity in the prior is not searched: a user's ranking depends on (1 − α(n))·γ / α(n) = (κ / n)^p·γ, so
on the product κ^p·γ.
"""

MANY_RATINGS: Final = 300_000
"""Of a training part: from here on data are large."""
_MEASURED: Final = 1_000_000
"""Ratings on which the ranges below were measured."""
_MOST_TIMES: Final = 1_000
_MANY_EACH: Final = 20  # of short rows, however many, the sums that are regularised are small
_OF_MANY: dict[tuple[str, str], dict[str, float]] = {
    ("als", "factors"): {"high": 256},
    ("als", "regularization"): {"low": 10, "high": 300, "default": 80},
    ("ease", "regularization"): {"low": 30, "high": 5000, "default": 300},
}


def for_ratings(space: tuple[SearchParameter, ...], n_ratings: int, n_users: int) -> tuple[SearchParameter, ...]:
    """``space`` for a training part of so many ratings and users: wider where good values grow with their number.

    From 300,000 ratings on, 20 a user or more, EASE's user weights and item scaling are searched, too: few heavy users
    would otherwise decide the weights between titles. On little data they do harm (docs/ideas.md). Beyond a million,
    regularisations grow as from the sample of trials to all: with the square root for ALS, in proportion for EASE.
    """
    if n_ratings < max(MANY_RATINGS, _MANY_EACH * n_users):
        return space
    times = min(max(1.0, n_ratings / _MEASURED), _MOST_TIMES)
    grown = {("als", "regularization"): times**0.5, ("ease", "regularization"): times}

    def widened(parameter: SearchParameter) -> SearchParameter:
        key = parameter.stage, parameter.name
        if parameter not in SEARCH_SPACE or key not in _OF_MANY:
            return parameter
        changes = {name: value * grown.get(key, 1.0) for name, value in _OF_MANY[key].items()}
        return parameter.replace(**changes)

    powers = (("user_power", 0.8, 0.5), ("item_power", 0.3, 0.15))
    more = (SearchParameter(stage="ease", name=name, low=0.0, high=high, default=at) for name, high, at in powers)
    is_usual = any(p in SEARCH_SPACE and p.stage == "ease" for p in space)  # and no space of one's own
    named = {(p.stage, p.name) for p in space}
    return (*map(widened, space), *(p for p in more if is_usual and (p.stage, p.name) not in named))


def with_values(weights: HybridWeights, stage: str, values: Mapping[str, float | int]) -> HybridWeights:
    """``weights`` with tuned ``values``: a source's name is its weight in the taste (blend) or in the prior (gate)."""
    sources = {kind.name for kind in SOURCES}
    groups = {name.removeprefix(GROUP_PREFIX): value for name, value in values.items() if name.startswith(GROUP_PREFIX)}
    of_sources = {name: value for name, value in values.items() if name in sources}
    others = {
        name: value for name, value in values.items() if name not in sources and not name.startswith(GROUP_PREFIX)
    }
    side = SIDES[stage]
    return weights.replace(
        **others,
        **{side: {**getattr(weights, side), **of_sources}},
        group_weights={**weights.group_weights, **groups},
    )
