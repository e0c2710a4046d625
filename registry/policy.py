"""The promotion policy: ``mlflow/promotion.yaml``, typed and checked. An unknown key is refused, never ignored."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from recsys_core.errors import ParameterError
from recsys_core.parameters import Parameters
from recsys_core.shipped import shipped
from recsys_core.yaml_files import read_yaml

__all__ = [
    "POLICY_FILE",
    "BootstrapPolicy",
    "CoveragePolicy",
    "GuardrailPolicy",
    "LatencyPolicy",
    "PromotionPolicy",
    "Rule",
    "SlicePolicy",
    "SuspicionPolicy",
    "load_policy",
]

POLICY_FILE = shipped("mlflow/promotion.yaml")
Rule = Literal["superior", "not_inferior"]
_MARGIN = 0.02


class BootstrapPolicy(Parameters):
    samples: int = Field(default=2000, ge=100, le=100_000)
    """Resamples of the test users."""
    seed: int = Field(default=20_240_501, ge=0)


class CoveragePolicy(Parameters):
    metric: str = "coverage@10"
    """Name of the evaluation's figure."""
    minimum: float | None = Field(default=None, ge=0, le=1)
    """Smallest share of the catalogue that must be recommended to somebody."""
    maximum_relative_drop: float | None = Field(default=0.3, ge=0, le=1)
    """Largest loss against the version compared with: 0.3 allows 70 % of its coverage."""


class SlicePolicy(Parameters):
    names: tuple[str, ...] = ("history_1_5", "items_cold")
    """Slices of the evaluation in which the metric must not fall; those that neither model has are left out."""
    minimum_users: int = Field(default=20, ge=1)
    """A slice with fewer test users is left out: its mean is mostly chance."""
    maximum_relative_drop: float = Field(default=0.15, ge=0, le=1)
    """Broken when the whole paired interval of the metric lies below what 0.15 leaves: 85 % of the reference's."""


class LatencyPolicy(Parameters):
    maximum: float | None = Field(default=None, gt=0)
    """Largest time, in milliseconds, in which 95 of 100 users get their answer."""


class GuardrailPolicy(Parameters):
    coverage: CoveragePolicy = CoveragePolicy()
    slices: SlicePolicy = SlicePolicy()
    latency_p95_ms: LatencyPolicy = LatencyPolicy()


class SuspicionPolicy(Parameters):
    """A gain that is too good: above ``relative_gain`` of the champion *and* above ``absolute_gain``."""

    relative_gain: float = Field(default=0.5, gt=0)
    absolute_gain: float = Field(default=0.05, ge=0)
    maximum_value: float = Field(default=0.95, gt=0)
    """A mean above this is taken for a leak, whatever the champion has."""


class PromotionPolicy(Parameters):
    """When a new version may replace the champion."""

    metric: str = "ndcg@10"
    """Name of the per-user metric that decides; larger is better."""
    rule: Literal["by_recipe", "superior", "not_inferior"] = "by_recipe"
    """superior: the interval of the gain over the champion lies above ``minimum_gain``; not_inferior: that over the
    last superior version lies above minus ``margin``; by_recipe: not_inferior for a version with the champion's code
    and configuration, otherwise superior."""
    minimum_gain: float = Field(default=0.0, ge=0)
    """Of the metric, absolute."""
    margin: float = Field(default=_MARGIN, ge=0)
    """Of the metric, absolute: the loss that a refresh may have for certain."""
    margin_share: float = Field(default=0.1, gt=0, le=1)
    """The margin is at most this share of the metric of the version compared with: where little can be found, 0.02 is
    all of it."""
    minimum_test_users: int = Field(default=50, ge=2)
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Of the two-sided paired bootstrap interval."""
    bootstrap: BootstrapPolicy = BootstrapPolicy()
    guardrails: GuardrailPolicy = GuardrailPolicy()
    suspicious: SuspicionPolicy = SuspicionPolicy()

    @model_validator(mode="after")
    def _has_the_number_of_its_rule(self) -> Self:
        if self.rule == "superior" and self.margin not in {0.0, _MARGIN}:
            raise ValueError(f"margin = {self.margin} means nothing with rule 'superior'; use 'not_inferior'")
        if self.rule == "not_inferior" and self.minimum_gain > 0:
            raise ValueError(f"minimum_gain = {self.minimum_gain} means nothing with rule 'not_inferior'")
        return self

    def margin_for(self, reference: float) -> float:
        """The loss that a refresh may have against a version whose metric is ``reference``."""
        return min(self.margin, self.margin_share * reference)

    def rule_for(self, same_recipe: bool) -> Rule:
        """The rule for a version that was, or was not, made as the champion was."""
        if self.rule == "by_recipe":
            return "not_inferior" if same_recipe else "superior"
        return self.rule


def load_policy(path: Path = POLICY_FILE) -> PromotionPolicy:
    """Read a policy; what it leaves out has the defaults above. Faults name the file and the key."""
    values = read_yaml(path, "promotion policy")
    if not values:
        raise ParameterError(f"promotion policy {path}: is empty; expected keys such as 'metric' and 'rule'")
    try:
        return PromotionPolicy(**values)
    except ParameterError as error:
        raise ParameterError(f"promotion policy {path}: {error}") from None
