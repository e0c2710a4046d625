"""The weights of the blend."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from recsys_core.errors import ParameterError
from recsys_core.parameters import Parameters

__all__ = ["HybridWeights"]

_NO_SHARE = 1e-3
_NonNegative = Annotated[float, Field(ge=0)]


class HybridWeights(Parameters):
    """Weights of ``S = α(n)·[collaborative·(z(ALS) + ease·z(EASE)) + content·z(content)] +
    (1 − α(n))·[popularity·z(log count) + neighbours·z(user-kNN)]``.

    Zero switches a term off; with ``ease = popularity = neighbours = 0`` the formula is the plain α·ALS + β·content.
    """

    collaborative: _NonNegative = 1.0
    """Weight of z(ALS) + e·z(EASE) beside content: 1 in a tuned model, moved by :meth:`balanced` alone."""

    ease: _NonNegative = 1.5
    """e: weight of the standardised EASE score beside ALS (without effect where EASE was not fitted)."""

    content: _NonNegative = 0.6
    """β: weight of the standardised content score beside ALS."""

    group_weights: dict[str, _NonNegative] = Field(default_factory=dict)
    """w_g: weight of each feature group within the content score; a group that is not named has weight 0.
    Without any entry the content model's own weights stand."""

    kappa: _NonNegative = 15.0
    """κ: number of ratings at which a user's own taste and the newcomers' prior weigh the same."""

    gate_power: Annotated[float, Field(gt=0, le=10)] = 3.0
    """p: how fast α(n) = n^p / (n^p + κ^p) goes from the prior to the user's own taste."""

    popularity: _NonNegative = 1.0
    """γ: weight of the standardised log popularity in the prior."""

    neighbours: _NonNegative = 0.6
    """ν: weight of the standardised user-kNN score in the prior; what people with the same few titles liked."""

    cold_content: _NonNegative = 0.2
    """Weight of the standardised content score beside the predicted ALS score for items without ratings."""

    def balanced(self, alpha: float) -> "HybridWeights":
        """The weights with ``alpha`` of the say for the collaborative part and 1 − ``alpha`` for content.

        0.5 changes nothing, 1 leaves content out, 0 the collaborative part. What newcomers get stays as it is.
        """
        if not 0 <= alpha <= 1:
            raise ParameterError(f"alpha = {alpha}: expected 0 (content alone) to 1 (collaborative alone)")
        return self.replace(collaborative=2 * alpha * self.collaborative, content=2 * (1 - alpha) * self.content)

    def alpha(self, n_ratings: NDArray[np.int64]) -> NDArray[np.float32]:
        """α(n) = n^p / (n^p + κ^p) for users with ``n_ratings`` known ratings; 0 without any, whatever κ is."""
        return (1 / (1 + self.odds(n_ratings))).astype(np.float32)

    def odds(self, n_ratings: NDArray[np.int64]) -> NDArray[np.float64]:
        """(1 − α(n)) / α(n) = (κ / n)^p: how often the prior counts for each time the user's own taste does."""
        counts = np.asarray(n_ratings, dtype=np.float64)
        share = np.divide(self.kappa, counts, out=np.full_like(counts, np.inf), where=counts > 0)
        return np.asarray(share**self.gate_power)

    def neighbourhood(self, n_ratings: NDArray[np.int64]) -> NDArray[np.float32]:
        """What neighbouring people count for users with ``n_ratings`` known ratings: (1 − α(n))·ν.

        A share 1 − α(n) below one in a thousand is taken for none: looking for neighbours is dear for long histories,
        and there it could only change the order of titles that are level.
        """
        share = 1 - self.alpha(n_ratings)
        return np.where(share < _NO_SHARE, 0, share * np.float32(self.neighbours)).astype(np.float32)

    def prior(self, n_ratings: NDArray[np.int64]) -> NDArray[np.float32]:
        """What popularity counts for users with ``n_ratings`` known ratings: (1 − α(n))·γ.

        Of somebody without a rating nothing else is known: there it counts 1 even where γ is 0.
        """
        prior = (1 - self.alpha(n_ratings)) * np.float32(self.popularity)
        if self.popularity == 0:
            prior[np.asarray(n_ratings) == 0] = 1.0
        return prior
