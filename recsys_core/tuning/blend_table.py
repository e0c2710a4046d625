"""Component scores of the tuning users, computed once and blended anew by every trial."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ShapeError
from recsys_core.evaluation import ndcg_at
from recsys_core.hybrid import top_k

__all__ = ["BlendTable", "candidate_columns", "ranked_ndcg"]

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class BlendTable:
    """Standardised scores of several sources for each user's candidates.

    terms       float32 of shape (n_users, n_terms, width); the first term is -inf at places that must not be
                recommended (seen items, padding), the others are finite
    covariance  covariances of the last n_groups terms (centred content cosines) over the whole catalogue, float64
                of shape (n_users, n_groups, n_groups); n_groups may be 0
    relevant    whether a candidate is a target, of shape (n_users, width)
    n_targets   of shape (n_users,): all targets, whether candidates or not
    n_ratings   known ratings, of shape (n_users,)
    """

    terms: NDArray[np.float32]
    covariance: NDArray[np.float64]
    relevant: NDArray[np.bool_]
    n_targets: NDArray[np.int64]
    n_ratings: NDArray[np.int64]

    def __post_init__(self) -> None:
        n_users, _, width = self.terms.shape
        if self.relevant.shape != (n_users, width) or len(self.n_targets) != n_users:
            raise ShapeError(f"terms of {n_users} users and {width} candidates, relevant {self.relevant.shape}")

    def content_factors(self, group_weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """w_g / std(Σ w_g·cos_g) for each user and group: what makes the groups' sum z(content)."""
        variance = np.einsum("g,ugh,h->u", group_weights, self.covariance, group_weights)
        spread = np.sqrt(np.maximum(variance, 0.0))
        scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 1e-6 * group_weights.sum())
        return np.asarray(scale[:, None] * group_weights[None, :])

    def ndcg(self, factors: NDArray[np.floating], k: int) -> NDArray[np.float64]:
        """NDCG@k of every user, (n_users,), when term t of user u counts ``factors[u, t]`` times; the first is > 0."""
        blended = np.matmul(factors[:, None, :].astype(np.float32), self.terms)[:, 0, :]
        return ranked_ndcg(blended, self.relevant, self.n_targets, k)


def ranked_ndcg(
    scores: NDArray[np.floating], relevant: NDArray[np.bool_], n_targets: NDArray[np.int64], k: int
) -> NDArray[np.float64]:
    """NDCG@k of each row of ``scores`` (n_users, width), whose places with -inf are never recommended."""
    ranking = top_k(scores, k)
    hits = np.zeros((len(scores), k), dtype=bool)
    hits[ranking.user_nums, ranking.ranks - 1] = relevant[ranking.user_nums, ranking.item_nums]
    return np.asarray(ndcg_at(hits, n_targets, k))


def candidate_columns(sources: Sequence[Scores], seen: csr_matrix, n_best: int) -> tuple[NDArray[np.int64], Scores]:
    """For each user the union of the ``n_best`` unseen items of each source, as item numbers.

    Returns numbers of shape (n_users, width), rows padded with item 0, and a mask of the same shape that is 0 at
    candidates and -inf at padding.
    """
    n_users, n_items = sources[0].shape
    chosen = np.zeros((n_users, n_items), dtype=bool)
    n_best = min(n_best, n_items)
    for scores in sources:
        best = np.argpartition(scores, n_items - n_best, axis=1)[:, n_items - n_best :]
        np.put_along_axis(chosen, best, True, axis=1)
    chosen[np.repeat(np.arange(n_users), np.diff(seen.indptr)), seen.indices] = False
    counts = chosen.sum(axis=1)
    width = max(1, int(counts.max(initial=0)))
    rows, columns = np.nonzero(chosen)
    place = np.arange(len(rows)) - np.searchsorted(rows, np.arange(n_users))[rows]
    numbers = np.zeros((n_users, width), dtype=np.int64)
    mask = np.full((n_users, width), -np.inf, dtype=np.float32)
    numbers[rows, place] = columns
    mask[rows, place] = 0.0
    return numbers, mask
