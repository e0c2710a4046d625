"""A model of other data on today's users and titles: how a champion of last month is judged."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.numbering import positions_in
from recsys_core.histories import Histories
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

    def score(self, known: Histories) -> NDArray[np.float32]:
        """Scores of ``item_ids`` for ratings of ``item_ids``: float32 of shape (n_users, n_items)."""
        return self._scores(known, self._warm)

    def score_cold(self, known: Histories) -> NDArray[np.float32]:
        """Scores of ``cold_ids`` for ratings of ``item_ids``: float32 of shape (n_users, n_cold)."""
        return self._scores(known, self._cold)

    def _places(self, item_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where each id stands in the model's catalogue; -1 where it does not."""
        order = np.argsort(self._catalogue)
        found = positions_in(self._catalogue[order], item_ids)
        return np.where(found >= 0, order[np.maximum(found, 0)], -1).astype(np.int64)

    def _scores(self, known: Histories, places: NDArray[np.int64]) -> NDArray[np.float32]:
        own = self._hybrid.score_catalogue(self._moved(known))
        scores = np.empty((known.n_users, len(places)), dtype=np.float32)
        scores[:] = own.min(axis=1, keepdims=True) - 1
        scores[:, places >= 0] = own[:, places[places >= 0]]
        return scores

    def _moved(self, known: Histories) -> Histories:
        """The ratings in the model's columns, with their times."""
        ratings, n_warm = known.ratings, self._hybrid.n_items
        columns = self._warm[ratings.indices]
        users = np.repeat(np.arange(known.n_users), known.lengths)
        parts = []
        for low, high in ((0, n_warm), (n_warm, len(self._catalogue))):
            kept = np.flatnonzero((columns >= low) & (columns < high))
            kept = kept[np.lexsort((columns[kept], users[kept]))]
            indptr = np.concatenate([[0], np.cumsum(np.bincount(users[kept], minlength=known.n_users))])
            shape = (known.n_users, high - low)
            parts.append((csr_matrix((ratings.data[kept], columns[kept] - low, indptr), shape=shape), kept))
        (warm, kept), (cold, _) = parts
        return Histories(warm, None if known.times is None else known.times[kept], cold)
