"""The trained item-kNN model: sparse similarities and scores."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.feedback import Feedback
from recsys_core.errors import ShapeError
from recsys_core.histories import Known
from recsys_core.item_knn.parameters import ItemKNNParameters
from recsys_core.scoring import check_user_ratings
from recsys_core.storage import load_arrays, load_csr, read_manifest, save_arrays, save_csr, write_manifest

__all__ = ["ItemKNNModel"]


@dataclass(frozen=True, eq=False)
class ItemKNNModel:
    """Similarities trained by :func:`recsys_core.item_knn.fit_item_knn`.

    item_ids      int64 of shape (n_items,), sorted
    similarities  CSR float32 of shape (n_items, n_items): row i has item i's nearest neighbours, never i itself
    """

    item_ids: NDArray[np.int64]
    similarities: csr_matrix
    parameters: ItemKNNParameters
    feedback: Feedback

    def __post_init__(self) -> None:
        expected = (len(self.item_ids), len(self.item_ids))
        if self.similarities.shape != expected:
            raise ShapeError(f"similarities have shape {self.similarities.shape}, item_ids say {expected}")

    def score(self, known: Known) -> NDArray[np.float32]:
        """Sum over an item's neighbours of similarity times the user's rating: float32 (n_users, n_items)."""
        checked = check_user_ratings(known, len(self.item_ids))
        strength = self.feedback.powers(checked, self.parameters.rating_power)
        scores: NDArray[np.float32] = (strength @ self._leading_to).toarray().astype(np.float32, copy=False)
        return scores

    @cached_property
    def _leading_to(self) -> csr_matrix:
        """Row j has the items among whose neighbours item j is."""
        return csr_matrix(self.similarities.T)

    def save(self, directory: Path) -> None:
        save_csr(directory / "similarities.npz", self.similarities)
        save_arrays(directory / "item_ids.npz", item_ids=self.item_ids)
        write_manifest(
            directory, "ItemKNNModel", parameters=self.parameters.as_dict(), feedback=self.feedback.as_dict()
        )

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "ItemKNNModel")
        return cls(
            **load_arrays(directory / "item_ids.npz"),
            similarities=load_csr(directory / "similarities.npz"),
            parameters=ItemKNNParameters(**manifest["parameters"]),
            feedback=Feedback(**manifest["feedback"]),
        )
