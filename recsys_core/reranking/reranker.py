"""Greedy maximum of a determinantal point process in O(k²·n) (Chen, Zhang & Zhou 2018, arXiv:1709.05135)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_matrix

from recsys_core.errors import ParameterError, ShapeError
from recsys_core.evaluation.beyond_accuracy import unit_features
from recsys_core.features import ItemFeatures
from recsys_core.parameters import Parameters
from recsys_core.ranking import Ranking
from recsys_core.scoring import check_user_ratings
from recsys_core.sparse_rows import PartedRows

__all__ = ["OWN_SHARE", "RerankParameters", "Reranker"]

OWN_SHARE: Final = 0.01
"""How much of each title is its own: off the diagonal similarities are multiplied by 1 − OWN_SHARE, so that two
titles with the same features do not make the determinant 0."""


class RerankParameters(Parameters):
    """Parameters of :meth:`Reranker.rerank`."""

    diversity: float = Field(default=0.0, ge=0, le=1)
    """Weight of diversity against relevance; 0 leaves the ranking as it is."""
    n_candidates: int = Field(default=100, ge=1, le=10_000)
    """Only so many best items of a user can come into the list; more when the list itself is longer."""


@dataclass(frozen=True, eq=False)
class Reranker:
    """What re-ranking knows of the titles, prepared once and used for every request.

    features  of the catalogue; item number n of rankings and ratings is row n
    """

    features: ItemFeatures

    def rerank(self, ranking: Ranking, user_ratings: csr_matrix, parameters: RerankParameters, k: int) -> Ranking:
        """The lists of ``k`` titles, in the order in which they are to be shown, never one that the user has rated.

        Candidates are each user's first ``parameters.n_candidates`` unseen entries, at least ``k``. At each place the
        list takes the candidate with the largest ``(1 − diversity)·relevance + diversity·log d²``: relevance is the
        score moved to 0..1 (last and best candidate), d² the factor by which the candidate multiplies the determinant
        of the list's cosines. That is the paper's equation 9 times 1 − θ, with θ = 1 − diversity. The ``scores`` of the
        result are the ranking's own, which then need not descend. Diversity 0 keeps the order, bit for bit.

        ranking       of users 0 to n_users − 1
        user_ratings  CSR of shape (n_users, n_rated_items), the first of the features' items

        Raises ParameterError for k < 1, ShapeError for numbers that the features or ``user_ratings`` do not have.
        """
        if k < 1:
            raise ParameterError(f"k = {k}: expected at least 1")
        n_items = len(self.features.item_ids)
        if user_ratings.shape[1] > n_items:
            raise ShapeError(f"user_ratings has {user_ratings.shape[1]} columns, features have {n_items} items")
        user_ratings = check_user_ratings(user_ratings, user_ratings.shape[1])
        _check(ranking, user_ratings.shape[0], n_items)
        diversity = parameters.diversity
        candidates = _unseen(ranking, user_ratings, max(parameters.n_candidates, k) if diversity else k, n_items)
        if not diversity or len(candidates.user_nums) == 0:
            return candidates
        starts = np.flatnonzero(np.diff(candidates.user_nums, prepend=-1))
        chosen = []
        for start, end in zip(starts, [*starts[1:], len(candidates.user_nums)], strict=True):
            relevance = _min_max(candidates.scores[start:end].astype(np.float64))
            cosines = self.cosines(candidates.item_nums[start:end])
            chosen.append(start + _greedy_order(relevance, cosines, min(k, end - start), diversity))
        taken = np.concatenate(chosen)
        return Ranking(candidates.user_nums[taken], candidates.item_nums[taken], candidates.scores[taken])

    def cosines(self, item_nums: NDArray[np.int64]) -> NDArray[np.float64]:
        """Of shape (n, n), between the features of ``item_nums`` (n,)."""
        rows = self._rows[item_nums]
        return rows.products(rows)

    @cached_property
    def _rows(self) -> PartedRows:
        """Unit features of every item."""
        return PartedRows.of(unit_features(self.features))


def _greedy_order(
    relevance: NDArray[np.float64], cosines: NDArray[np.float64], n_taken: int, diversity: float
) -> NDArray[np.int64]:
    """Places of the chosen candidates in the order of choice; among equals the one that comes first."""
    kernel = cosines * (1 - OWN_SHARE)
    np.fill_diagonal(kernel, 1.0)
    worth = (1 - diversity) * relevance
    factor = np.zeros((n_taken, len(relevance)))  # the incremental Cholesky factor
    rest = np.ones(len(relevance))  # d²: what the list so far leaves of each candidate
    order = np.zeros(n_taken, dtype=np.int64)
    for place in range(n_taken):
        best = order[place] = (worth + diversity * np.log(rest)).argmax()
        worth[best] = -np.inf
        row = (kernel[best] - factor[:place, best] @ factor[:place]) / np.sqrt(rest[best])
        factor[place] = row
        # No candidate outside the list has less than its own share left; below it there is only rounding.
        rest = np.maximum(rest - row * row, OWN_SHARE)
    return order


def _min_max(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Moved to 0..1; 1 for all where they do not differ."""
    low, high = scores.min(), scores.max()
    return np.asarray((scores - low) / (high - low)) if high > low else np.ones(len(scores))


def _check(ranking: Ranking, n_users: int, n_items: int) -> None:
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


def _unseen(ranking: Ranking, user_ratings: csr_matrix, n_candidates: int, n_items: int) -> Ranking:
    """Each user's first ``n_candidates`` entries that the user has not rated."""
    rows = np.repeat(np.arange(user_ratings.shape[0], dtype=np.int64), np.diff(user_ratings.indptr))
    rated = np.isin(ranking.user_nums * n_items + ranking.item_nums, rows * n_items + user_ratings.indices)
    unseen = np.flatnonzero(~rated)
    users = ranking.user_nums[unseen]
    kept = unseen[np.arange(len(users)) - np.searchsorted(users, users) < n_candidates]
    return Ranking(ranking.user_nums[kept], ranking.item_nums[kept], ranking.scores[kept])
