"""The trained EASE model: item-to-item weights, scores and what each rated title contributed."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ShapeError
from recsys_core.scoring import check_item_nums, check_single_row, check_user_ratings
from recsys_core.sources.ease.parameters import EASEParameters
from recsys_core.storage import load_arrays, read_manifest, save_arrays, write_manifest

__all__ = ["EASEModel", "rating_strength"]


def rating_strength(user_ratings: csr_matrix, rating_power: float, rating_scale_max: float) -> csr_matrix:
    """(rating / maximum)^rating_power in the sparsity of ``user_ratings``, float32; ratings below 0 count as 0."""
    share = np.maximum(user_ratings.data, 0) / np.float32(rating_scale_max)
    return csr_matrix(
        ((share**rating_power).astype(np.float32), user_ratings.indices, user_ratings.indptr),
        shape=user_ratings.shape,
    )


@dataclass(frozen=True, slots=True, eq=False)
class EASEModel:
    """Weights trained by :func:`recsys_core.sources.ease.fit_ease`.

    item_ids   int64 of shape (n_items,), sorted: the whole training vocabulary
    kept_nums  int64 of shape (n_kept,), sorted: the items that take part; all others score 0
    weights    float32 of shape (n_kept, n_kept), zero diagonal: ``weights[j, i]`` is what rating j adds to i
    place_of   int64 of shape (n_items,): where each item is among the kept ones, -1 where it takes no part
    """

    item_ids: NDArray[np.int64]
    kept_nums: NDArray[np.int64]
    weights: NDArray[np.float32]
    parameters: EASEParameters
    rating_scale_max: float
    place_of: NDArray[np.int64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        place_of = np.full(len(self.item_ids), -1, dtype=np.int64)
        place_of[self.kept_nums] = np.arange(len(self.kept_nums))
        object.__setattr__(self, "place_of", place_of)
        expected = (len(self.kept_nums), len(self.kept_nums))
        if self.weights.shape != expected:
            raise ShapeError(f"weights have shape {self.weights.shape}, kept_nums say {expected}")

    def strength(self, user_ratings: csr_matrix) -> csr_matrix:
        """Ratings as they enter the model: CSR of shape (n_users, n_kept), float32."""
        checked = check_user_ratings(user_ratings, len(self.item_ids))
        mapped = rating_strength(checked, self.parameters.rating_power, self.rating_scale_max)
        return csr_matrix(mapped[:, self.kept_nums])

    def score_kept(self, user_ratings: csr_matrix) -> NDArray[np.float32]:
        """Scores of the items that take part: float32 of shape (n_users, n_kept)."""
        if user_ratings.shape[0] == 1:  # the product of sparse matrices would cost more than the sum
            row = check_single_row(user_ratings, len(self.item_ids))
            strength = rating_strength(row, self.parameters.rating_power, self.rating_scale_max).data
            places = self.place_of[row.indices]
            inside = places >= 0
            scores: NDArray[np.float32] = strength[inside] @ self.weights[places[inside]]
            return scores[None, :]
        return np.asarray(self.strength(user_ratings) @ self.weights)

    def score(self, user_ratings: csr_matrix) -> NDArray[np.float32]:
        """float32 of shape (n_users, n_items); 0 for items that take no part and for empty histories."""
        scores = np.zeros((user_ratings.shape[0], len(self.item_ids)), dtype=np.float32)
        scores[:, self.kept_nums] = self.score_kept(user_ratings)
        return scores

    def contributions(self, user_ratings: csr_matrix, item_nums: NDArray[np.integer]) -> NDArray[np.float32]:
        """How much each rated title of one user, (1, n_items), gave to the score of each asked item.

        Returns float32 of shape (n_asked, n_rated), columns in the order of the row's item numbers, ascending;
        each row adds up to the item's score.
        """
        checked = check_single_row(user_ratings, len(self.item_ids))
        nums = check_item_nums(item_nums, len(self.item_ids))
        strength = rating_strength(checked, self.parameters.rating_power, self.rating_scale_max).data
        rated, asked = self.place_of[checked.indices], self.place_of[nums]
        if len(self.kept_nums) == 0:
            return np.zeros((len(nums), checked.nnz), dtype=np.float32)
        parts: NDArray[np.float32] = self.weights[rated[None, :], asked[:, None]] * strength[None, :]
        parts[(asked < 0)[:, None] | (rated < 0)[None, :]] = 0
        return parts

    def save(self, directory: Path) -> None:
        save_arrays(directory / "weights.npz", item_ids=self.item_ids, kept_nums=self.kept_nums, weights=self.weights)
        write_manifest(
            directory, "EASEModel", parameters=self.parameters.as_dict(), rating_scale_max=self.rating_scale_max
        )

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "EASEModel")
        return cls(
            **load_arrays(directory / "weights.npz"),
            parameters=EASEParameters(**manifest["parameters"]),
            rating_scale_max=manifest["rating_scale_max"],
        )
