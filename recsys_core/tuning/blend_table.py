"""Scores of the tuning users, computed once and blended anew by every trial."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ShapeError
from recsys_core.hybrid import HybridWeights
from recsys_core.hybrid.blend import DISLIKES
from recsys_core.ranking import top_k
from recsys_core.tuning.goal import Goal

__all__ = ["BlendTable", "candidate_columns"]

Scores = NDArray[np.float32]
_CONTENT = "content"


@dataclass(frozen=True, slots=True, eq=False)
class BlendTable:
    """Terms of the blend for each user's candidates.

    names       of the terms: sources, or "dislikes"
    groups      names of the feature groups, whose terms follow those of ``names``
    terms       float32 of shape (n_users, n_names + n_groups, width): z-scores, the aversion, centred content cosines
    closed      float32 of shape (n_users, width): -inf at places that must not be recommended (seen items, padding),
                0 elsewhere
    covariance  covariances of the group terms over the whole catalogue, float64 of shape (n_users, n_groups, n_groups)
    relevant    whether a candidate is a target, of shape (n_users, width)
    n_targets   of shape (n_users,): all targets, whether candidates or not
    n_liked     known ratings that are no dislikes, of shape (n_users,)
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    terms: Scores
    closed: Scores
    covariance: NDArray[np.float64]
    relevant: NDArray[np.bool_]
    n_targets: NDArray[np.int64]
    n_liked: NDArray[np.int64]

    def __post_init__(self) -> None:
        n_users, n_terms, width = self.terms.shape
        if self.relevant.shape != (n_users, width) or len(self.n_targets) != n_users:
            raise ShapeError(f"terms of {n_users} users and {width} candidates, relevant {self.relevant.shape}")
        if n_terms != len(self.names) + len(self.groups):
            raise ShapeError(f"{n_terms} terms, named {', '.join((*self.names, *self.groups))}")

    def factors(self, weights: HybridWeights) -> NDArray[np.float64]:
        """How often each term of each user counts under ``weights``: of shape (n_users, n_terms)."""
        by_source = weights.factors(self.n_liked)
        by_source[DISLIKES] = weights.dislikes * weights.prior_share(self.n_liked)
        nothing = np.zeros(len(self.n_liked))
        plain = [by_source.get(name, nothing) for name in self.names]
        content = by_source.get(_CONTENT, nothing)[:, None] * self._content_factors(weights)
        return np.column_stack([*plain, content])

    def _content_factors(self, weights: HybridWeights) -> NDArray[np.float64]:
        """w_g / std(Σ w_g·cos_g) for each user and group: what makes the groups' sum z(content)."""
        shares = np.asarray([weights.group_weights.get(name, 0.0) for name in self.groups])
        variance = np.einsum("g,ugh,h->u", shares, self.covariance, shares)
        spread = np.sqrt(np.maximum(variance, 0.0))
        scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 1e-6 * shares.sum())
        return np.asarray(scale[:, None] * shares[None, :])

    def by_user(self, weights: HybridWeights, goal: Goal) -> NDArray[np.float64]:
        """What the list of every user is worth under ``weights``: (n_users,)."""
        factors = self.factors(weights).astype(np.float32)
        blended = np.matmul(factors[:, None, :], self.terms)[:, 0, :] + self.closed
        return goal.by_user(blended, self.relevant, self.n_targets)


def candidate_columns(sources: Sequence[Scores], seen: csr_matrix, n_best: int) -> tuple[NDArray[np.int64], Scores]:
    """For each user the union of the ``n_best`` unseen items of each source, as item numbers.

    Returns numbers of shape (n_users, width), rows padded with item 0, and a mask of the same shape that is 0 at
    candidates and -inf at padding.
    """
    n_users, n_items = sources[0].shape
    chosen = np.zeros((n_users, n_items), dtype=bool)
    for scores in sources:
        best = top_k(scores, n_best)
        chosen[best.user_nums, best.item_nums] = True
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
