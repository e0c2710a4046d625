"""Items ranked by how many training ratings they have; the same for everybody."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ShapeError
from recsys_core.histories import Histories, Known
from recsys_core.scoring import check_item_ids, check_user_ratings
from recsys_core.sources.moments import Moments, dense_moments
from recsys_core.sources.source import Entry
from recsys_core.storage import load_arrays, read_manifest, save_arrays, write_manifest

__all__ = ["PopularityModel", "fit_popularity"]


@dataclass(frozen=True, eq=False)
class PopularityModel:
    """Number of training ratings of every item.

    item_ids  int64 of shape (n_items,), sorted
    n_ratings int64 of shape (n_items,)
    """

    item_ids: NDArray[np.int64]
    n_ratings: NDArray[np.int64]
    columns: ClassVar[None] = None

    def __post_init__(self) -> None:
        if self.n_ratings.shape != self.item_ids.shape:
            raise ShapeError(f"n_ratings have shape {self.n_ratings.shape}, item_ids {self.item_ids.shape}")

    @cached_property
    def item_side(self) -> NDArray[np.float32]:
        """log(1 + number of ratings), float32 of shape (1, n_items)."""
        return np.log1p(self.n_ratings).astype(np.float32)[None, :]

    def score(self, known: Known) -> NDArray[np.float32]:
        """log(1 + number of ratings) in every row: float32 of shape (n_users, n_items)."""
        n_users = check_user_ratings(known, len(self.item_ids)).shape[0]
        return np.tile(self.item_side, (n_users, 1))

    def enter(self, histories: Histories) -> Entry:
        return Entry(self._moments.repeated(histories.n_users), left=np.ones((histories.n_users, 1)))

    @cached_property
    def _moments(self) -> Moments:
        return dense_moments(self.item_side)

    def parts(self, history: Histories, mixture: csr_matrix) -> NDArray[np.float64]:
        """Nothing: what is popular does not rest on the user's titles."""
        return np.zeros((mixture.shape[0], 0))

    def save(self, directory: Path) -> None:
        save_arrays(directory / "popularity.npz", item_ids=self.item_ids, n_ratings=self.n_ratings)
        write_manifest(directory, "PopularityModel")

    @classmethod
    def load(cls, directory: Path) -> Self:
        read_manifest(directory, "PopularityModel")
        return cls(**load_arrays(directory / "popularity.npz"))


def fit_popularity(user_items: csr_matrix, item_ids: NDArray[np.int64]) -> PopularityModel:
    """Count the ratings of every item in ``user_items``, CSR of shape (n_users, n_items)."""
    ids = check_item_ids(item_ids, user_items.shape[1])
    ratings = check_user_ratings(user_items, len(ids))
    return PopularityModel(ids, np.bincount(ratings.indices, minlength=len(ids)).astype(np.int64))
