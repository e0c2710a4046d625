"""The five standardised component scores of a user, and how they are blended."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_core.hybrid.weights import HybridWeights

__all__ = ["ComponentScores"]

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class ComponentScores:
    """Per-user z-scores over the training catalogue, float32 of shape (n_users, n_items) each.

    n_ratings  known ratings of each user, int64 of shape (n_users,)
    als        z(ALS)
    ease       z(EASE), or None where EASE was not fitted or has weight 0
    content    z(content)
    neighbours z(user-kNN), or None where it has weight 0
    popularity z(log(1 + number of training ratings)), the same for everybody: shape (n_items,)
    """

    n_ratings: NDArray[np.int64]
    als: Scores
    ease: Scores | None
    content: Scores
    neighbours: Scores | None
    popularity: Scores

    def sources(self, weights: HybridWeights) -> dict[str, Scores]:
        """What each source gives to the hybrid score; the three add up to it."""
        alpha = weights.alpha(self.n_ratings)[:, None]
        collaborative = self.als if self.ease is None else self.als + np.float32(weights.ease) * self.ease
        collaborative = alpha * np.float32(weights.collaborative) * collaborative
        if self.neighbours is not None:
            collaborative = collaborative + weights.neighbourhood(self.n_ratings)[:, None] * self.neighbours
        return {
            "collaborative": collaborative,
            "content": alpha * np.float32(weights.content) * self.content,
            "popularity": weights.prior(self.n_ratings)[:, None] * self.popularity,
        }

    def blend(self, weights: HybridWeights) -> Scores:
        """S = α(n)·[c·(z(ALS) + e·z(EASE)) + β·z(content)] + (1 − α(n))·[γ·z(log popularity) + ν·z(user-kNN)]."""
        sources = self.sources(weights)
        return sources["collaborative"] + sources["content"] + sources["popularity"]
