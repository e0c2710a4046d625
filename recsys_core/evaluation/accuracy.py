"""Ranking metrics with binary relevance, per user, from a matrix of hits.

``hits`` is an ndarray of shape (n_users, at least k): whether the item at each rank is a target. ``n_targets`` is an
ndarray of shape (n_users,), at least 1 each. All results have shape (n_users,) and lie in 0..1.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ParameterError, ShapeError
from recsys_core.evaluation.ranking import hits_of
from recsys_core.ranking import top_k

__all__ = [
    "ACCURACY_METRICS",
    "average_precision_at",
    "hit_at",
    "ndcg_at",
    "ndcg_of_scores",
    "precision_at",
    "recall_at",
    "reciprocal_rank_at",
]

PerUser = NDArray[np.float64]


def _first(hits: NDArray[np.bool_], n_targets: NDArray[np.int64], k: int) -> NDArray[np.bool_]:
    if not 1 <= k <= hits.shape[1]:
        raise ParameterError(f"k is {k}, expected 1 to {hits.shape[1]}, the length of the rankings")
    if n_targets.shape != hits.shape[:1]:
        raise ShapeError(f"hits of {hits.shape[0]} users, n_targets of shape {n_targets.shape}")
    if len(n_targets) and n_targets.min() < 1:
        raise ShapeError("a user without targets has no metrics; leave such users out")
    return hits[:, :k]


def ndcg_at(hits: NDArray[np.bool_], n_targets: NDArray[np.int64], k: int) -> PerUser:
    """Normalised discounted cumulative gain: gain 1, discount 1 / log2(rank + 1).

    The ideal ranking has min(k, n_targets) targets first (Järvelin & Kekäläinen 2002, doi:10.1145/582415.582418).
    """
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discounts)[np.minimum(n_targets, k) - 1]
    # Not a matrix product: a user's value must not depend, in its last bit, on who else is in the batch.
    return np.asarray((_first(hits, n_targets, k) * discounts).sum(axis=1) / ideal)


def recall_at(hits: NDArray[np.bool_], n_targets: NDArray[np.int64], k: int) -> PerUser:
    """Share of the user's targets that stand in the first k.

    The denominator is n_targets, as LightGCN and its successors report it, not min(k, n_targets): a user with more
    than k targets cannot reach 1.
    """
    return np.asarray(_first(hits, n_targets, k).sum(axis=1) / n_targets)


def precision_at(hits: NDArray[np.bool_], n_targets: NDArray[np.int64], k: int) -> PerUser:
    """Share of the first k places that hold a target; the denominator is always k."""
    return np.asarray(_first(hits, n_targets, k).sum(axis=1) / k)


def average_precision_at(hits: NDArray[np.bool_], n_targets: NDArray[np.int64], k: int) -> PerUser:
    """Precision at the rank of each hit in the first k, summed and divided by min(k, n_targets).

    With that denominator a perfect ranking has 1. Its mean over users is MAP@k.
    """
    first = _first(hits, n_targets, k)
    precision = np.cumsum(first, axis=1) / np.arange(1, k + 1)
    return np.asarray((precision * first).sum(axis=1) / np.minimum(n_targets, k))


def hit_at(hits: NDArray[np.bool_], n_targets: NDArray[np.int64], k: int) -> PerUser:
    """1 where at least one target stands in the first k."""
    return np.asarray(_first(hits, n_targets, k).any(axis=1), dtype=np.float64)


def reciprocal_rank_at(hits: NDArray[np.bool_], n_targets: NDArray[np.int64], k: int) -> PerUser:
    """1 / rank of the first target in the first k, 0 without one; its mean over users is MRR@k."""
    first = _first(hits, n_targets, k)
    return np.asarray(first.any(axis=1) / (first.argmax(axis=1) + 1.0))


ACCURACY_METRICS: dict[str, Callable[[NDArray[np.bool_], NDArray[np.int64], int], PerUser]] = {
    "ndcg": ndcg_at,
    "recall": recall_at,
    "precision": precision_at,
    "map": average_precision_at,
    "hit_rate": hit_at,
    "mrr": reciprocal_rank_at,
}
"""Metric → function of hits (n_users, k), numbers of targets (n_users,) and k, to a value for each user."""


def ndcg_of_scores(
    scores: NDArray[np.floating], targets: csr_matrix, *, seen: csr_matrix | None = None, k: int = 10
) -> PerUser:
    """NDCG@k of each user's full ranking by ``scores`` (n_users, n_items) over the items not ``seen``."""
    if scores.shape != targets.shape:
        raise ShapeError(f"scores have shape {scores.shape}, targets {targets.shape}")
    return ndcg_at(
        hits_of(top_k(scores, k, seen=seen).padded(len(scores), k), targets),
        np.diff(targets.indptr).astype(np.int64),
        k,
    )
