"""What can be set about onboarding."""

from typing import Literal, get_args

from pydantic import Field

from recsys_core.parameters import Parameters

__all__ = ["METHODS", "Method", "OnboardingParameters"]

Method = Literal["expected_gain", "popularity", "random_popular", "log_popularity_entropy", "helf"]
METHODS: tuple[Method, ...] = get_args(Method)


class OnboardingParameters(Parameters):
    """Parameters of :func:`recsys_core.onboarding.fit_onboarding`."""

    method: Method = "expected_gain"
    """How titles are chosen. ``expected_gain`` adapts to the answers; the others are fixed orders: ``popularity``,
    ``random_popular`` (the candidates in a seeded order), ``log_popularity_entropy`` (Rashid et al. 2002) and ``helf``
    (Rashid, Karypis & Riedl 2008)."""
    n_candidates: int = Field(default=300, ge=1, le=5_000)
    """Only so many most rated titles are ever asked about by ``expected_gain`` and ``random_popular``."""
    n_targets: int = Field(default=1_000, ge=2, le=5_000)
    """``expected_gain``: so many most rated titles are what an answer should tell about."""
    factors: int = Field(default=20, ge=1, le=200)
    """``expected_gain``: length of the vectors that describe what titles have in common."""
    rating_power: float = Field(default=2.0, ge=0, le=10)
    """``expected_gain``: a rating enters as (rating / maximum)^rating_power, an absent one as 0."""
    noise: float = Field(default=4.0, gt=0, le=1_000)
    """``expected_gain``: by how much an answer is noisier than the fit to the training users says. More than 1, because
    what one title tells about a thousand others is estimated from few people."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Seed of ``random_popular``."""
