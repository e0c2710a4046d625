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
    n_candidates: int = Field(default=300, ge=1, le=2_000)
    """Only so many most rated titles are ever asked about by ``expected_gain`` and ``random_popular``."""
    n_listed: int = Field(default=30, ge=1, le=500)
    """``expected_gain``: so many titles are chosen by what they bring; the other candidates follow by popularity."""
    n_targets: int = Field(default=1_000, ge=2, le=5_000)
    """``expected_gain``: recommendations to simulated newcomers come from so many most rated titles."""
    max_users: int = Field(default=1_000, ge=2, le=100_000)
    """``expected_gain``: at most so many training users play newcomers."""
    prior_answers: float = Field(default=30.0, gt=0, le=10_000)
    """``expected_gain``: so many answers weigh as much as popularity in what simulated newcomers are recommended."""
    positive_threshold: float = 4.0
    """``expected_gain``: a rating of at least this is something to be recommended."""
    factors: int = Field(default=20, ge=1, le=200)
    """``expected_gain``: length of the vectors that tell who knows which titles."""
    noise: float = Field(default=4.0, gt=0, le=1_000)
    """``expected_gain``: by how much a "seen" or "not seen" is noisier than the fit to the training users says."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Seed of ``random_popular``, and of who plays a newcomer and what they answer."""
