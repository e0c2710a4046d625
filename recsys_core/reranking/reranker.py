"""From a model's scores, or a ranking, to lists with the wanted amount of diversity."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ParameterError, ShapeError
from recsys_core.features import ItemFeatures
from recsys_core.ranking import Ranking, hide, top_k
from recsys_core.reranking.calibrated import Calibration, genre_shares, liked_genres
from recsys_core.reranking.determinantal import Determinant
from recsys_core.reranking.greedy import Addition, greedy_order, min_max
from recsys_core.reranking.mmr import MarginalRelevance
from recsys_core.reranking.parameters import Method, RerankParameters
from recsys_core.reranking.similarity import ItemSimilarity
from recsys_core.scoring import check_user_ratings

__all__ = ["Reranker", "rerank"]

_PAIRS_AT_ONCE = 1_000_000  # cosines held at a time


@dataclass(frozen=True, eq=False)
class Reranker:
    """What re-ranking knows of the titles, prepared once and used for every request.

    features  of the catalogue; item number n of scores, rankings and ratings is row n
    """

    features: ItemFeatures

    @cached_property
    def similarity(self) -> ItemSimilarity:
        return ItemSimilarity.of(self.features)

    @cached_property
    def genre_shares(self) -> NDArray[np.float64]:
        return genre_shares(self.features)

    def rerank(
        self,
        scores: NDArray[np.floating[Any]] | Ranking,
        user_ratings: csr_matrix,
        parameters: RerankParameters,
        k: int,
    ) -> Ranking:
        """The lists of ``k`` titles, in the order in which they are to be shown, never one that the user has rated.

        Candidates are each user's ``parameters.n_candidates`` best unseen items, at least ``k``; their scores are
        moved to 0..1 (best and last candidate) and weighed against the method's measure of diversity, greedily from
        the first place to the last. The ranking's ``scores`` are those that the model gave: with a diversity above 0
        they need not descend. With ``diversity`` 0 the result is ``top_k`` of the unseen items, bit for bit.

        scores        ndarray of shape (n_users, n_items), not changed, ``-inf`` for items that must not be returned;
                      or a ranking of users 0 to n_users − 1, of which the first items are the candidates
        user_ratings  CSR of shape (n_users, n_rated_items): what is never returned, and what the user liked

        ``n_items`` and ``n_rated_items`` may be fewer than the features have: the first ones.
        """
        if k < 1:
            raise ParameterError(f"k = {k}: expected at least 1")
        n_users, n_items = user_ratings.shape[0], len(self.features.item_ids)
        if user_ratings.shape[1] > n_items:
            raise ShapeError(f"user_ratings has {user_ratings.shape[1]} columns, features have {n_items} items")
        user_ratings = check_user_ratings(user_ratings, user_ratings.shape[1])
        n_candidates = k if parameters.diversity == 0 else max(parameters.n_candidates, k)
        if isinstance(scores, Ranking):
            candidates = _unseen(_checked(scores, n_users, n_items), user_ratings, n_candidates, n_items)
        else:
            candidates = _best(scores, user_ratings, n_candidates, n_items)
        if parameters.diversity == 0 or len(candidates.user_nums) == 0:
            return candidates
        starts = np.searchsorted(candidates.user_nums, np.arange(n_users + 1))
        width = min(n_candidates, n_items)
        block = max(1, _PAIRS_AT_ONCE // width**2)
        chosen = []
        for first in range(0, n_users, block):
            places = starts[first : first + block + 1, None] + np.arange(width)
            is_open = places[:-1] < starts[first + 1 : first + block + 1, None]
            order = self._order(candidates, places[:-1], is_open, user_ratings[first : first + block], parameters, k)
            chosen.append((starts[first : first + len(order), None] + order)[order >= 0])
        taken = np.concatenate(chosen)
        return Ranking(candidates.user_nums[taken], candidates.item_nums[taken], candidates.scores[taken])

    def _order(
        self,
        candidates: Ranking,
        places: NDArray[np.int64],
        is_open: NDArray[np.bool_],
        user_ratings: csr_matrix,
        parameters: RerankParameters,
        k: int,
    ) -> NDArray[np.int64]:
        """The choice from a block of users: ``places`` (n_users, width) of ``candidates``, where ``is_open`` holds."""
        places = np.where(is_open, places, 0)
        item_nums = np.where(is_open, candidates.item_nums[places], 0)
        n_taken = min(k, places.shape[1])
        return greedy_order(
            min_max(candidates.scores[places], is_open),
            is_open,
            self._addition(item_nums, user_ratings, parameters.method, n_taken),
            k=n_taken,
            diversity=parameters.diversity,
        )

    def _addition(
        self, item_nums: NDArray[np.int64], user_ratings: csr_matrix, method: Method, n_taken: int
    ) -> Addition:
        if method == "calibrated":
            return Calibration(self.genre_shares[item_nums], liked_genres(user_ratings, self.genre_shares))
        similarity = self.similarity.among(item_nums)
        if method == "dpp":
            return Determinant(similarity, n_taken)
        return MarginalRelevance(similarity)


def rerank(
    scores: NDArray[np.floating[Any]] | Ranking,
    features: ItemFeatures,
    user_ratings: csr_matrix,
    parameters: RerankParameters,
    k: int,
) -> Ranking:
    """:meth:`Reranker.rerank` once; who re-ranks often keeps a :class:`Reranker`, which prepares the features once."""
    return Reranker(features).rerank(scores, user_ratings, parameters, k)


def _best(scores: NDArray[np.floating[Any]], user_ratings: csr_matrix, n_candidates: int, n_items: int) -> Ranking:
    n_users = user_ratings.shape[0]
    if scores.ndim != 2 or len(scores) != n_users or scores.shape[1] > n_items:
        raise ShapeError(
            f"scores have shape {scores.shape}, expected {n_users} rows, as user_ratings has, and at most {n_items} "
            "columns, as features have items"
        )
    unseen = np.array(scores, dtype=np.float32)  # a copy
    hide(unseen, user_ratings[:, : scores.shape[1]] if user_ratings.shape[1] > scores.shape[1] else user_ratings)
    return top_k(unseen, n_candidates)


def _checked(ranking: Ranking, n_users: int, n_items: int) -> Ranking:
    users, items = ranking.user_nums, ranking.item_nums
    if len(users) and (users[0] < 0 or users[-1] >= n_users or (np.diff(users) < 0).any()):
        raise ShapeError(
            f"the ranking's user_nums run from {users.min()} to {users.max()}, expected sorted numbers from 0 to "
            f"{n_users - 1}: user_ratings has {n_users} rows"
        )
    if len(items) and (items.min() < 0 or items.max() >= n_items):
        raise ShapeError(
            f"the ranking's item_nums run from {items.min()} to {items.max()}, expected 0 to {n_items - 1}"
        )
    return ranking


def _unseen(ranking: Ranking, user_ratings: csr_matrix, n_candidates: int, n_items: int) -> Ranking:
    """Each user's first ``n_candidates`` entries that the user has not rated."""
    rows = np.repeat(np.arange(user_ratings.shape[0], dtype=np.int64), np.diff(user_ratings.indptr))
    rated = np.isin(ranking.user_nums * n_items + ranking.item_nums, rows * n_items + user_ratings.indices)
    unseen = np.flatnonzero(~rated)
    users = ranking.user_nums[unseen]
    kept = unseen[np.arange(len(users)) - np.searchsorted(users, users) < n_candidates]
    return Ranking(ranking.user_nums[kept], ranking.item_nums[kept], ranking.scores[kept])
