"""The trained ALS model: factors, fold-in, scores and what each rated title contributed."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ShapeError
from recsys_core.scoring import check_item_nums, check_single_row, check_user_ratings
from recsys_core.sources.als.confidence import rating_confidence
from recsys_core.sources.als.normal_equations import normal_equations, regularized_gram, solve_rows
from recsys_core.sources.als.parameters import ALSParameters
from recsys_core.storage import load_arrays, read_manifest, save_arrays, write_manifest

__all__ = ["ALSModel"]


@dataclass(frozen=True, slots=True, eq=False)
class ALSModel:
    """Factors trained by :func:`recsys_core.sources.als.fit_als`.

    item_ids          int64 of shape (n_items,), sorted
    item_factors      float32 of shape (n_items, factors)
    user_factors      float32 of shape (n_users, factors), one row for each row of the training matrix; equal to
                      folding that row in
    rating_scale_max  the best rating, by which ratings are divided before they become confidence
    gram              float64 of shape (factors, factors): the part of the normal equations that all users share
    inverse_gram      its inverse, of the same shape
    """

    item_ids: NDArray[np.int64]
    item_factors: NDArray[np.float32]
    user_factors: NDArray[np.float32]
    parameters: ALSParameters
    rating_scale_max: float
    gram: NDArray[np.float64] = field(init=False, repr=False)
    inverse_gram: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.item_ids) != len(self.item_factors):
            raise ShapeError(f"{len(self.item_ids)} item_ids for {len(self.item_factors)} item_factors")
        if self.user_factors.shape[1] != self.item_factors.shape[1]:
            raise ShapeError(
                f"user_factors have {self.user_factors.shape[1]} columns, item_factors {self.item_factors.shape[1]}"
            )
        object.__setattr__(self, "gram", regularized_gram(self.item_factors, self.parameters.regularization))
        object.__setattr__(self, "inverse_gram", np.linalg.inv(self.gram).astype(np.float64))

    def fold_in(self, user_ratings: csr_matrix) -> NDArray[np.float32]:
        """User factors, float32 of shape (n_users, factors), for ratings of shape (n_users, n_items)."""
        checked = check_user_ratings(user_ratings, len(self.item_ids))
        confidence = rating_confidence(checked, self.parameters, self.rating_scale_max)
        return solve_rows(self.item_factors, confidence, self.gram, inverse_gram=self.inverse_gram)

    def score(self, user_ratings: csr_matrix) -> NDArray[np.float32]:
        """Predicted preference, about 0 to 1: float32 of shape (n_users, n_items). No history gives zeros."""
        return self.fold_in(user_ratings) @ self.item_factors.T

    def contributions(self, user_ratings: csr_matrix, item_nums: NDArray[np.integer]) -> NDArray[np.float32]:
        """How much each rated title gave to the score of each asked item (Hu, Koren & Volinsky 2008, section 5).

        The score y_i·A⁻¹·Σ_j c_j y_j is a sum over the liked titles j; confident zeros act through A alone and
        give 0. ``user_ratings`` is one row of shape (1, n_items).

        Returns float32 of shape (n_asked, n_rated), columns in the order of the row's item numbers, ascending;
        each row adds up to the item's score.
        """
        checked = check_single_row(user_ratings, len(self.item_ids))
        nums = check_item_nums(item_nums, len(self.item_ids))
        if checked.nnz == 0:
            return np.zeros((len(nums), 0), dtype=np.float32)
        confidence = rating_confidence(checked, self.parameters, self.rating_scale_max).data.astype(np.float64)
        vectors = self.item_factors[checked.indices].astype(np.float64)
        a, _ = normal_equations(self.gram, vectors[None], confidence[None])
        weighted = np.linalg.solve(a[0], (np.maximum(confidence, 0.0)[:, None] * vectors).T)
        parts: NDArray[np.float32] = (self.item_factors[nums] @ weighted).astype(np.float32)
        return parts

    def save(self, directory: Path) -> None:
        save_arrays(
            directory / "factors.npz",
            item_ids=self.item_ids,
            item_factors=self.item_factors,
            user_factors=self.user_factors,
        )
        write_manifest(
            directory, "ALSModel", parameters=self.parameters.as_dict(), rating_scale_max=self.rating_scale_max
        )

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "ALSModel")
        return cls(
            **load_arrays(directory / "factors.npz"),
            parameters=ALSParameters(**manifest["parameters"]),
            rating_scale_max=manifest["rating_scale_max"],
        )
