"""The weights of the blend."""

from collections.abc import Collection
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from recsys_core.errors import ParameterError
from recsys_core.parameters import Parameters
from recsys_core.sources.table import SOURCES

__all__ = ["HybridWeights"]

_NO_SHARE = 1e-3
_SLIGHT = 0.01  # of the weights of somebody's own taste
_FAINT = 0.02
_NonNegative = Annotated[float, Field(ge=0)]


class HybridWeights(Parameters):
    """Weights of ``S = α(n)·Σ taste_s·z_s + (1 − α(n))·(Σ prior_s·z_s + dislikes·aversion)``.

    n counts a person's ratings that do not speak against their title: dislikes alone leave somebody a newcomer.
    """

    taste: dict[str, _NonNegative] = Field(default={kind.name: kind.taste for kind in SOURCES if kind.taste > 0})
    """Weight of each source's standardised score in what the person's own ratings say; a source that is not named has
    none."""

    prior: dict[str, _NonNegative] = Field(default={kind.name: kind.prior for kind in SOURCES if kind.prior > 0})
    """Weight of each source's standardised score in what is assumed of people with few ratings."""

    group_weights: dict[str, _NonNegative] = Field(default_factory=dict)
    """w_g: weight of each feature group within the content score; a group that is not named has weight 0.
    Without any entry the content model's own weights stand."""

    kappa: _NonNegative = 15.0
    """κ: number of ratings at which a user's own taste and the newcomers' prior weigh the same."""

    gate_power: Annotated[float, Field(gt=0, le=10)] = 3.0
    """p: how fast α(n) = n^p / (n^p + κ^p) goes from the prior to the user's own taste."""

    dislikes: _NonNegative = 3.0
    """η: what likeness to disliked titles counts against a title in the prior."""

    @field_validator("taste", "prior")
    @classmethod
    def _are_sources(cls, weights: dict[str, float]) -> dict[str, float]:
        names = [kind.name for kind in SOURCES]
        for name in weights:
            if name not in names:
                raise ValueError(f"source {name!r} is not known, expected one of {', '.join(names)}")
        return weights

    def has(self, name: str) -> bool:
        """Whether the source ``name`` has a weight anywhere."""
        return self.taste.get(name, 0) > 0 or self.prior.get(name, 0) > 0

    def without(self, *names: str) -> "HybridWeights":
        """The same weights, 0 for the sources ``names``."""
        return self.replace(
            taste={name: weight for name, weight in self.taste.items() if name not in names},
            prior={name: weight for name, weight in self.prior.items() if name not in names},
        )

    def without_faint_groups(self, besides: Collection[str] = ()) -> "HybridWeights":
        """The same weights, 0 for feature groups, ``besides`` some, with less than a fiftieth of the largest one's.

        Such a group costs as much as any, and hardly changes a list.
        """
        faint = _FAINT * max(self.group_weights.values(), default=0.0)
        kept = {name: w if w >= faint or name in besides else 0.0 for name, w in self.group_weights.items()}
        return self.replace(group_weights=kept)

    def alone(self, name: str) -> "HybridWeights":
        """The source ``name`` alone for everybody with a liked title; newcomers get what they always do."""
        return self.replace(taste={name: 1.0}, kappa=0.0)

    def balanced(self, alpha: float) -> "HybridWeights":
        """The weights with ``alpha`` of the say for the collaborative sources and 1 − ``alpha`` for content.

        0.5 changes nothing, 1 leaves content out, 0 the collaborative part. What newcomers get stays as it is.
        """
        if not 0 <= alpha <= 1:
            raise ParameterError(f"alpha = {alpha}: expected 0 (content alone) to 1 (collaborative alone)")
        times = {"collaborative": 2 * alpha, "content": 2 * (1 - alpha), "popularity": 1.0}
        sides = {kind.name: kind.side for kind in SOURCES}
        return self.replace(taste={name: times[sides[name]] * weight for name, weight in self.taste.items()})

    def alpha(self, n_ratings: NDArray[np.int64]) -> NDArray[np.float64]:
        """α(n) = n^p / (n^p + κ^p), of shape (n_users,); 0 without any rating, whatever κ is."""
        return 1 / (1 + self.odds(n_ratings))

    def odds(self, n_ratings: NDArray[np.int64]) -> NDArray[np.float64]:
        """(1 − α(n)) / α(n) = (κ / n)^p: how often the prior counts for each time the user's own taste does."""
        counts = np.asarray(n_ratings, dtype=np.float64)
        share = np.divide(self.kappa, counts, out=np.full_like(counts, np.inf), where=counts > 0)
        return np.asarray(share**self.gate_power)

    def factors(self, n_ratings: NDArray[np.int64], *, slight: bool = True) -> dict[str, NDArray[np.float64]]:
        """By what each source's z-scores are multiplied for users with ``n_ratings`` ratings, of shape (n_users,) each.

        α(n)·taste + (1 − α(n))·prior. A share 1 − α(n) below one in a thousand is taken for none.
        Of somebody without a rating nothing but popularity is known: there it counts 1 where the prior has none.

        slight  with what is left of a source's prior below a hundredth of all weights of the taste. That is what is
                tuned; lists are made without: looking for neighbours is dear for long histories, and changes one title
                in a thousand of them there.
        """
        alpha, rest = self.alpha(n_ratings), self.prior_share(n_ratings)
        least = 0.0 if slight else _SLIGHT * alpha * sum(self.taste.values())
        found = {}
        for kind in SOURCES:
            if self.has(kind.name):
                assumed = rest * self.prior.get(kind.name, 0.0)
                own = alpha * self.taste.get(kind.name, 0.0)
                found[kind.name] = own + np.where(assumed < least, 0.0, assumed)
        if not any(self.prior.get(kind.name) for kind in SOURCES if kind.side == "popularity"):
            unknown = np.where(np.asarray(n_ratings) == 0, 1.0, 0.0)
            found["popularity"] = found.get("popularity", 0.0) + unknown
        return found

    def prior_share(self, n_ratings: NDArray[np.int64]) -> NDArray[np.float64]:
        """1 − α(n), of shape (n_users,)."""
        rest = 1 - self.alpha(n_ratings)
        return np.asarray(np.where(rest < _NO_SHARE, 0, rest))
