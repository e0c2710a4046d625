"""What was popular around the time in which a person last rated something."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.errors import ShapeError
from recsys_core.histories import Histories, Known
from recsys_core.scoring import check_histories
from recsys_core.sources.moments import Moments, dense_moments
from recsys_core.sources.recent_popularity.parameters import RecentPopularityParameters
from recsys_core.sources.source import Entry
from recsys_core.sources.years import YEAR, usual_years
from recsys_core.storage import load_arrays, read_manifest, save_arrays, write_manifest

__all__ = ["RecentPopularityModel", "fit_recent_popularity"]

_BLOCK_RATINGS = 4_000_000
_HALF_LIFE = 1.0  # years
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class RecentPopularityModel:
    """Log popularity of every item at several moments.

    item_ids   int64 of shape (n_items,), sorted
    item_side  float32 of shape (n_moments, n_items): log(1 + Σ over its ratings r of r^power·(½^(|t − t_r| / half-life)
               + floor)), r as a share of the best rating
    times      int64 of shape (n_moments,), ascending: the moments t, in seconds since 1970; the last is that of the
               newest training rating, where nothing but the past counts

    Somebody who has rated nothing, or at a time that is not known, or after training, has the last moment.
    """

    item_ids: NDArray[np.int64]
    item_side: NDArray[np.float32]
    times: NDArray[np.int64]
    parameters: RecentPopularityParameters
    columns: ClassVar[None] = None

    def __post_init__(self) -> None:
        if self.item_side.shape != (len(self.times), len(self.item_ids)):
            raise ShapeError(
                f"item_side has shape {self.item_side.shape}, there are {len(self.times)} times and "
                f"{len(self.item_ids)} item_ids"
            )

    def score(self, known: Known) -> NDArray[np.float32]:
        """float32 of shape (n_users, n_items), as of each user's newest rating."""
        return self.item_side[self._moment_of(check_histories(known, len(self.item_ids)))]

    def enter(self, histories: Histories) -> Entry:
        of_user = self._moment_of(histories)
        left = np.zeros((histories.n_users, len(self.times)), dtype=np.float32)
        left[np.arange(histories.n_users), of_user] = 1
        return Entry(Moments(self._moments.mean[of_user], self._moments.std[of_user]), left=left)

    def parts(self, history: Histories, mixture: csr_matrix) -> NDArray[np.float64]:
        """Nothing: what is popular does not rest on the user's titles."""
        return np.zeros((mixture.shape[0], 0))

    @cached_property
    def _moments(self) -> Moments:
        return dense_moments(self.item_side)

    def _moment_of(self, histories: Histories) -> NDArray[np.int64]:
        """The nearest moment to each user's newest rating, of shape (n_users,)."""
        middles = (self.times[1:] + self.times[:-1]) // 2
        return np.searchsorted(middles, histories.newest(int(self.times[-1])), side="left").astype(np.int64)

    def save(self, directory: Path) -> None:
        save_arrays(directory / "popularity.npz", item_ids=self.item_ids, item_side=self.item_side, times=self.times)
        write_manifest(directory, "RecentPopularityModel", parameters=self.parameters.as_dict())

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "RecentPopularityModel")
        return cls(
            **load_arrays(directory / "popularity.npz"),
            parameters=RecentPopularityParameters(**manifest["parameters"]),
        )


def fit_recent_popularity(
    train: UserItemMatrix, parameters: RecentPopularityParameters, *, feedback: Feedback
) -> RecentPopularityModel:
    """Popularity at moments from the first to the last rating of ``train``; both sides of a moment count alike."""
    times = train.timestamps
    newest, oldest = (int(times.max()), int(times.min())) if len(times) else (0, 0)
    span = newest - oldest
    usual = usual_years(_HALF_LIFE, span)
    half_life, years = parameters.half_life or usual, parameters.step or usual
    step = years * YEAR
    n_moments = 1 + int(span / step + _ROUNDING)
    sums = np.zeros(n_moments * train.n_items)
    for start in range(0, len(times), _BLOCK_RATINGS):
        rows = slice(start, start + _BLOCK_RATINGS)
        ages = ((newest - times[rows]) / step + 0.5).astype(np.int64)  # in steps before the newest, to the nearest
        places = np.minimum(ages, n_moments - 1) * train.n_items + train.ratings.indices[rows]
        liking = feedback.shares(train.ratings.data[rows]) ** np.float32(parameters.rating_power)
        sums += np.bincount(places, liking, minlength=len(sums))
    sums = sums.reshape(n_moments, train.n_items)[::-1]
    apart = np.abs(np.subtract.outer(np.arange(n_moments), np.arange(n_moments))) * years
    kernel = 0.5 ** (apart / half_life) + parameters.floor
    item_side = np.log1p(kernel @ sums).astype(np.float32)
    moments = (newest - np.arange(n_moments)[::-1] * step).astype(np.int64)
    return RecentPopularityModel(train.item_ids, item_side, moments, parameters)
