"""One dimension of a search, as data: the tuner knows nothing else about what it tunes."""

from typing import Literal, Self

from pydantic import model_validator

from recsys_core.parameters import Parameters

__all__ = ["SearchParameter"]


class SearchParameter(Parameters):
    """One dimension of the search: uniform between ``low`` and ``high``, in logarithms when ``log`` is set."""

    stage: str
    """A source with parameters of its own, "blend" (weights in the user's own taste) or "gate" (those of newcomers)."""
    name: str
    """Field of the stage's parameters, or a source's name; ``weight_<group>`` is the weight of a feature group."""
    kind: Literal["float", "int"] = "float"
    low: float
    high: float
    log: bool = False
    default: float
    """Value in trial 0."""
    needs: Literal["nothing", "features", "values"] = "nothing"
    """Without features of titles, or where all ratings have one value, what needs them is not searched."""

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
