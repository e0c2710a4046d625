"""The search space as data: one line per parameter; the tuner knows nothing else about what it tunes."""

import hashlib
import json
from collections.abc import Iterable
from typing import Literal, Self

from pydantic import model_validator

from recsys_core.errors import ParameterError
from recsys_core.parameters import Parameters

__all__ = ["GROUP_PREFIX", "SEARCH_SPACE", "STAGES", "SearchParameter", "StageSpace"]

STAGES = ("als", "ease", "blend", "gate")
GROUP_PREFIX = "weight_"
Stage = Literal["als", "ease", "blend", "gate"]


class SearchParameter(Parameters):
    """One dimension of the search: uniform between ``low`` and ``high``, in logarithms when ``log`` is set."""

    stage: Stage
    name: str
    """Field of the stage's parameters; ``weight_<group>`` is the weight of a feature group."""
    kind: Literal["float", "int"] = "float"
    low: float
    high: float
    log: bool = False
    default: float
    """Value in trial 0."""

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"{self.name}: low {self.low} is not below high {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"{self.name}: low {self.low} must be positive for a logarithmic range")
        if not self.low <= self.default <= self.high:
            raise ValueError(f"{self.name}: default {self.default} is outside {self.low} to {self.high}")
        return self

    @property
    def default_value(self) -> float | int:
        return int(self.default) if self.kind == "int" else self.default


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

    def without(self, name: str) -> "StageSpace":
        """The space without the parameter ``name``."""
        return StageSpace(self.stage, (p for p in self.parameters if p.name != name))

    def digest(self, *context: object) -> str:
        """Hex digest of the space and of ``context`` (further JSON values that determine the objective)."""
        text = json.dumps([self.stage, [p.as_dict() for p in self.parameters], *context], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _blend(name: str, high: float, default: float) -> SearchParameter:
    return SearchParameter(stage="blend", name=name, low=0.0, high=high, default=default)


SEARCH_SPACE: tuple[SearchParameter, ...] = (
    SearchParameter(stage="als", name="factors", kind="int", low=64, high=160, log=True, default=128),
    SearchParameter(stage="als", name="regularization", low=3.0, high=100.0, log=True, default=20.0),
    SearchParameter(stage="als", name="confidence_weight", low=1.0, high=15.0, log=True, default=5.0),
    SearchParameter(stage="als", name="rating_power", low=1.0, high=4.0, default=3.0),
    SearchParameter(stage="als", name="dislike_confidence", low=1.0, high=5.0, log=True, default=1.0),
    SearchParameter(stage="ease", name="regularization", low=15.0, high=1500.0, log=True, default=50.0),
    SearchParameter(stage="ease", name="feature_weight", low=1.0, high=30.0, log=True, default=10.0),
    _blend("ease", 3.0, 1.5),
    _blend("content", 1.5, 0.6),
    _blend("weight_genre", 1.0, 0.5),
    _blend("weight_decade", 1.0, 0.2),
    _blend("weight_title", 1.0, 0.3),
    _blend("weight_tags", 1.0, 0.4),
    _blend("weight_genome", 1.0, 0.5),
    SearchParameter(stage="gate", name="kappa", low=2.0, high=60.0, log=True, default=15.0),
    SearchParameter(stage="gate", name="neighbours", low=0.0, high=2.0, default=0.6),
)
"""Ranges that held good values on data sets of 0.1 to 25 million ratings; one line per parameter.

γ is not searched: a user's ranking depends on (1 − α(n))·γ / α(n) = (κ / n)^p·γ, so on the product κ^p·γ.
"""
