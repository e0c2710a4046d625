"""The ways to ask that are compared, and the settings of the default that were tried."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bench.onboarding.interviews import MOST_QUESTIONS, Asker
from bench.onboarding.rivals import ALSVariance, MostLikelyKnown, NearestUsers, VarianceReduction
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.dataset.schema import MOVIELENS
from recsys_core.hybrid import HybridModel
from recsys_core.onboarding import Onboarding, OnboardingParameters, fit_onboarding

__all__ = ["CONTROL", "DEFAULT", "METHODS", "SETTINGS", "Method"]

_SCALE: Final = MOVIELENS.feedback
CONTROL: Final = "popularity"
DEFAULT: Final = "expected_gain"


@dataclass(frozen=True, slots=True)
class Method:
    """page: how many titles are asked for at once; for a fixed order it makes no difference."""

    label: str
    make: Callable[[UserItemMatrix, HybridModel], Asker]
    page: int = 1


def _onboarding(label: str, *, page: int = 1, **parameters: Any) -> Method:
    chosen = OnboardingParameters(**parameters)

    def make(train: UserItemMatrix, hybrid: HybridModel) -> Onboarding:
        return fit_onboarding(train, chosen, feedback=_SCALE)

    return Method(label, make, page)


_ALL = MOST_QUESTIONS

METHODS: Final[dict[str, Method]] = {
    CONTROL: _onboarding("most popular", method="popularity", page=_ALL),
    "random_popular": _onboarding(
        "random of the 100 most popular", method="random_popular", n_candidates=100, page=_ALL
    ),
    "log_popularity_entropy": _onboarding("log popularity × entropy", method="log_popularity_entropy", page=_ALL),
    "helf": _onboarding("HELF", method="helf", page=_ALL),
    "likely_known": Method("most likely known*", lambda train, hybrid: MostLikelyKnown(train)),
    "als_variance": Method("ALS variance × P(known)*", lambda train, hybrid: ALSVariance(train, hybrid.als)),
    "nearest_users": Method(
        "nearest training users*", lambda train, hybrid: NearestUsers(train, rating_scale_max=_SCALE.maximum)
    ),
    "variance": Method(
        "factor model's variance × P(known)*",
        lambda train, hybrid: VarianceReduction(train, rating_scale_max=_SCALE.maximum),
    ),
    "expected_gain_fixed": _onboarding("expected gain, fixed list", page=_ALL),
    DEFAULT: _onboarding("expected gain, adaptive*"),
}
SETTINGS: Final[dict[str, Method]] = {
    "ten titles a page": _onboarding("", page=10),
    "seed 1": _onboarding("", seed=1),
    "seed 2": _onboarding("", seed=2),
    "n_candidates 100": _onboarding("", n_candidates=100),
    "n_listed 15": _onboarding("", n_listed=15),
    "n_listed 60": _onboarding("", n_listed=60),
    "n_targets 500": _onboarding("", n_targets=500),
    "prior_answers 15": _onboarding("", prior_answers=15),
    "prior_answers 60": _onboarding("", prior_answers=60),
    "noise 1": _onboarding("", noise=1),
    "noise 16": _onboarding("", noise=16),
}
