"""What a trial's ranking is worth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_core.evaluation import ndcg_at
from recsys_core.evaluation.accuracy import recall_at
from recsys_core.ranking import top_k

__all__ = ["Goal"]


@dataclass(frozen=True, slots=True)
class Goal:
    """NDCG@k, or a mean of it and Recall@k.

    recall_share  weight of Recall@k; the rest is NDCG@k's
    """

    k: int
    recall_share: float = 0.0

    def by_user(
        self, scores: NDArray[np.floating], relevant: NDArray[np.bool_], n_targets: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """The value of each row of ``scores`` (n_users, width), whose places with -inf are never recommended.

        relevant   whether a place is a target, of the same shape
        n_targets  of shape (n_users,): all targets, whether they have a place or not
        """
        ranking = top_k(scores, self.k)
        hits = np.zeros((len(scores), self.k), dtype=bool)
        hits[ranking.user_nums, ranking.ranks - 1] = relevant[ranking.user_nums, ranking.item_nums]
        value = np.asarray(ndcg_at(hits, n_targets, self.k))
        if self.recall_share > 0:
            value = (1 - self.recall_share) * value + self.recall_share * recall_at(hits, n_targets, self.k)
        return value
