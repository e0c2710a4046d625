"""A model of other data on today's users and titles: how a champion of last month is judged."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.interactions import positions_in
from recsys_core.hybrid import HybridModel

__all__ = ["OnVocabulary"]


class OnVocabulary:
    """``hybrid`` behind another vocabulary.

    item_ids  columns of the rows that come in, and of the warm scores: int64, sorted
    cold_ids  columns of the cold scores: int64, sorted

    Known ratings of titles that the model has never heard of are left out; such titles come last in every list.
    """

    def __init__(self, hybrid: HybridModel, item_ids: NDArray[np.int64], cold_ids: NDArray[np.int64]) -> None:
        self._hybrid = hybrid
        self._catalogue = np.concatenate([hybrid.item_ids, hybrid.cold_item_ids])
        self._warm = self._places(item_ids)
        self._cold = self._places(cold_ids)

    def score(self, rows: csr_matrix) -> NDArray[np.float32]:
        """Scores of ``item_ids`` for rows on ``item_ids``: float32 of shape (n_users, n_items)."""
        return self._scores(rows, self._warm)

    def score_cold(self, rows: csr_matrix) -> NDArray[np.float32]:
        """Scores of ``cold_ids`` for rows on ``item_ids``: float32 of shape (n_users, n_cold)."""
        return self._scores(rows, self._cold)

    def _places(self, item_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where each id stands in the model's catalogue; -1 where it does not."""
        order = np.argsort(self._catalogue)
        found = positions_in(self._catalogue[order], item_ids)
        return np.where(found >= 0, order[np.maximum(found, 0)], -1).astype(np.int64)

    def _scores(self, rows: csr_matrix, places: NDArray[np.int64]) -> NDArray[np.float32]:
        known = csr_matrix(rows @ self._selector())
        n_warm = self._hybrid.n_items
        own = self._hybrid.score_catalogue(csr_matrix(known[:, :n_warm]), cold_ratings=csr_matrix(known[:, n_warm:]))
        scores = np.empty((rows.shape[0], len(places)), dtype=np.float32)
        scores[:] = own.min(axis=1, keepdims=True) - 1
        scores[:, places >= 0] = own[:, places[places >= 0]]
        return scores

    def _selector(self) -> csr_matrix:
        """(n_items, n_catalogue): moves a rating from today's column to the model's."""
        kept = np.flatnonzero(self._warm >= 0)
        ones = np.ones(len(kept), dtype=np.float32)
        return csr_matrix((ones, (kept, self._warm[kept])), shape=(len(self._warm), len(self._catalogue)))
