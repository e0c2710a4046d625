"""Content as a product of factors: for catalogues so large that nobody looks at all of it."""

from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys_core.histories import Histories
from recsys_core.sources.content.model import ContentModel
from recsys_core.sources.moments import ItemMoments
from recsys_core.sources.source import Entry

__all__ = ["FactoredContent"]


class FactoredContent(ContentModel):
    """The same scores as those of the content model, not yet multiplied out.

    Where all groups with a weight are multiplied as dense matrices, the profiles side by side, times their weights, are
    a factor of each user, and mean and spread of the scores follow from those of the items' features.
    """

    @classmethod
    def of(cls, model: ContentModel) -> Self | None:
        """None where a group is multiplied as a sparse matrix: its factor would not fit."""
        if not model.all_dense:
            return None
        found = cls(model.features, model.n_warm, model.parameters, model.feedback)
        vars(found)["dense_rows"] = model.dense_rows  # computed once
        return found

    @cached_property
    def item_side(self) -> NDArray[np.float32]:  # type: ignore[override]
        """The features side by side, 0 for items that a group does not know: float32 of shape (rank, n_warm)."""
        rows = [self.dense_rows[name] for name in self._dense]
        side = np.zeros((sum(items.shape[1] for _, items in rows), self.n_warm), dtype=np.float32)
        start = 0
        for nums, items in rows:
            n_known = np.searchsorted(nums, self.n_warm)
            side[start : start + items.shape[1], nums[:n_known]] = items[:n_known].T
            start += items.shape[1]
        return side

    @cached_property
    def _moments(self) -> ItemMoments:
        return ItemMoments.of(self.item_side.T)

    def enter(self, histories: Histories) -> Entry:
        counted = self._counted(histories)
        nothing = np.zeros((histories.n_users, 0), dtype=np.float32)
        profiles = [self._dense_profile(counted, name) * np.float32(self.weight(name)) for name in self._dense]
        left = np.concatenate([nothing, *profiles], axis=1)
        return Entry(self._moments.for_users(left), left=left)
