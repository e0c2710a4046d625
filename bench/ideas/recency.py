"""Weights that fade with age, and how a weight enters a model that maps ratings by a power."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.interactions import UserItemMatrix

__all__ = ["AgeDecay", "RankDecay", "Weighting", "weighted_ratings"]

_YEAR = 365.25 * 86_400


class Weighting(Protocol):
    """How much each rating counts, more than 0."""

    def weights(self, rows: UserItemMatrix) -> NDArray[np.float64]: ...


@dataclass(frozen=True, slots=True)
class RankDecay:
    """floor + (1 − floor)·exp(−r / tau), where the user's newest rating has r = 0, the one before it 1, and so on.

    Ties in time go by item number, as where a history is cut by time.
    """

    floor: float
    tau: float

    def weights(self, rows: UserItemMatrix) -> NDArray[np.float64]:
        user_nums = rows.user_nums()
        order = np.lexsort((rows.ratings.indices, rows.timestamps, user_nums))
        from_newest = np.empty(rows.n_ratings)
        from_newest[order] = rows.ratings.indptr[user_nums + 1] - 1 - np.arange(rows.n_ratings)
        return self.floor + (1 - self.floor) * np.exp(-from_newest / self.tau)


@dataclass(frozen=True, slots=True)
class AgeDecay:
    """Half for every ``half_life`` years before the newest of all ratings given."""

    half_life: float

    def weights(self, rows: UserItemMatrix) -> NDArray[np.float64]:
        age = (rows.timestamps.max(initial=0) - rows.timestamps) / _YEAR
        return np.asarray(0.5 ** (age / self.half_life))


def weighted_ratings(rows: UserItemMatrix, weighting: Weighting | None, rating_power: float) -> csr_matrix:
    """Ratings r·w^(1/power): a model that takes (r / maximum)^power of them has multiplied that by w."""
    if weighting is None:
        return rows.ratings
    data = rows.ratings.data * weighting.weights(rows) ** (1 / rating_power)
    return csr_matrix((data.astype(np.float32), rows.ratings.indices, rows.ratings.indptr), shape=rows.ratings.shape)
