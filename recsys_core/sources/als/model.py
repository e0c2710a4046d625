"""The trained ALS model: factors, fold-in, scores and what each rated title contributed."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.feedback import Feedback
from recsys_core.errors import ShapeError
from recsys_core.histories import Histories, Known
from recsys_core.scoring import check_one_history, check_user_ratings
from recsys_core.sources.als.confidence import rating_confidence, told_confidence
from recsys_core.sources.als.normal_equations import normal_equations, regularized_gram, solve_rows
from recsys_core.sources.als.parameters import ALSParameters
from recsys_core.sources.moments import ItemMoments
from recsys_core.sources.source import Entry
from recsys_core.sparse_rows import mixed
from recsys_core.storage import load_arrays, read_manifest, save_arrays, write_manifest

__all__ = ["ALSModel"]


@dataclass(frozen=True, slots=True, eq=False)
class ALSModel:
    """Factors trained by :func:`recsys_core.sources.als.fit_als`.

    item_ids          int64 of shape (n_items,), sorted
    item_factors      float32 of shape (n_items, factors)
    feedback          what ratings say
    gram              float64 of shape (factors, factors): the part of the normal equations that all users share
    inverse_gram      its inverse, of the same shape
    item_moments      mean and covariance of the item factors
    """

    item_ids: NDArray[np.int64]
    item_factors: NDArray[np.float32]
    parameters: ALSParameters
    feedback: Feedback
    columns: ClassVar[None] = None
    gram: NDArray[np.float64] = field(init=False, repr=False)
    inverse_gram: NDArray[np.float64] = field(init=False, repr=False)
    item_moments: ItemMoments = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.item_ids) != len(self.item_factors):
            raise ShapeError(f"{len(self.item_ids)} item_ids for {len(self.item_factors)} item_factors")
        object.__setattr__(self, "gram", regularized_gram(self.item_factors, self.parameters.regularization))
        object.__setattr__(self, "inverse_gram", np.linalg.inv(self.gram).astype(np.float64))
        object.__setattr__(self, "item_moments", ItemMoments.of(self.item_factors))

    @property
    def item_side(self) -> NDArray[np.float32]:
        """The item factors, of shape (factors, n_items)."""
        return self.item_factors.T

    def fold_in(self, known: Known) -> NDArray[np.float32]:
        """User factors, float32 of shape (n_users, factors), for ratings of shape (n_users, n_items)."""
        checked = check_user_ratings(known, len(self.item_ids))
        confidence = told_confidence(checked, self.parameters, self.feedback)
        return solve_rows(self.item_factors, confidence, self.gram, inverse_gram=self.inverse_gram)

    def score(self, known: Known) -> NDArray[np.float32]:
        """Predicted preference, about 0 to 1: float32 of shape (n_users, n_items). No history gives zeros."""
        return self.fold_in(known) @ self.item_factors.T

    def enter(self, histories: Histories) -> Entry:
        users = self.fold_in(histories)
        return Entry(self.item_moments.for_users(users), left=users)

    def parts(self, history: Histories, mixture: csr_matrix) -> NDArray[np.float64]:
        """What each rated title gave to the score of each item (Hu, Koren & Volinsky 2008, section 5).

        The score y_i·A⁻¹·Σ_j c_j y_j is a sum over the liked titles j; confident zeros act through A alone and give 0.
        """
        checked = check_one_history(history, len(self.item_ids)).ratings
        if checked.nnz == 0:
            return np.zeros((mixture.shape[0], 0))
        confidence = rating_confidence(checked, self.parameters, self.feedback).data.astype(np.float64)
        vectors = self.item_factors[checked.indices].astype(np.float64)
        a, _ = normal_equations(self.gram, vectors[None], confidence[None])
        titles = np.linalg.solve(a[0], (np.maximum(confidence, 0.0)[:, None] * vectors).T)
        return np.asarray(mixed(mixture, self.item_factors) @ titles)

    def save(self, directory: Path) -> None:
        save_arrays(directory / "factors.npz", item_ids=self.item_ids, item_factors=self.item_factors)
        write_manifest(directory, "ALSModel", parameters=self.parameters.as_dict(), feedback=self.feedback.as_dict())

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "ALSModel")
        arrays = load_arrays(directory / "factors.npz")  # former versions stored the users' factors, too
        return cls(
            arrays["item_ids"],
            arrays["item_factors"],
            parameters=ALSParameters(**manifest["parameters"]),
            feedback=Feedback(**manifest["feedback"]),
        )
