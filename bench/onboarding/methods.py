"""The ways to ask that are compared."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bench.onboarding.interviews import MOST_QUESTIONS, Asker
from bench.onboarding.rivals import ALSVariance, MostLikelyKnown, NearestUsers, VarianceReduction
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.dataset.schema import MOVIELENS
from recsys_core.hybrid import HybridModel
from recsys_core.onboarding import OnboardingParameters, fit_onboarding

__all__ = ["CONTROL", "DEFAULT", "METHODS", "Method"]

_SCALE: Final = MOVIELENS.feedback
CONTROL: Final = "popularity"
DEFAULT: Final = "expected_gain"


@dataclass(frozen=True, slots=True)
class Method:
    """page: how many titles are asked for at once; for a fixed order it makes no difference."""

    label: str
    make: Callable[[UserItemMatrix, HybridModel], Asker]
    page: int = 1


def _fixed(label: str, **parameters: Any) -> Method:
    chosen = OnboardingParameters(**parameters)
    return Method(label, lambda train, _: fit_onboarding(train, chosen, feedback=_SCALE), MOST_QUESTIONS)


METHODS: Final[dict[str, Method]] = {
    CONTROL: _fixed("most popular", method="popularity"),
    "random_popular": _fixed("random of the 100 most popular", method="random_popular", n_candidates=100),
    "log_popularity_entropy": _fixed("log popularity × entropy", method="log_popularity_entropy"),
    "helf": _fixed("HELF", method="helf"),
    "likely_known": Method("most likely known*", lambda train, _: MostLikelyKnown(train)),
    "als_variance": Method("ALS variance × P(known)*", lambda train, hybrid: ALSVariance(train, hybrid.als)),
    "nearest_users": Method(
        "nearest training users*", lambda train, _: NearestUsers(train, rating_scale_max=_SCALE.maximum)
    ),
    "variance": Method(
        "factor model's variance × P(known)*",
        lambda train, _: VarianceReduction(train, rating_scale_max=_SCALE.maximum),
    ),
    "expected_gain_fixed": _fixed("expected gain, fixed list"),
    DEFAULT: Method(
        "expected gain, adaptive*", lambda train, _: fit_onboarding(train, OnboardingParameters(), feedback=_SCALE)
    ),
}
