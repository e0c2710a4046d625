"""The hybrid score with as few passes over (n_users, n_items) as possible."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.hybrid.moments import dense_moments
from recsys_core.sources.user_knn import UserKNNModel

if TYPE_CHECKING:
    from recsys_core.hybrid.model import HybridModel

__all__ = ["fused_scores"]


def fused_scores(model: "HybridModel", ratings: csr_matrix, catalogue_ratings: csr_matrix) -> NDArray[np.float32]:
    """The blend with as few passes over (n_users, n_items) as possible.

    ALS, the prior and all users' constants are one product of [α·u/σ, prior, constant] with [v, z(pop), 1];
    content and EASE are added scaled, EASE only where it has columns.
    """
    weights = model.weights
    n_ratings = np.diff(catalogue_ratings.indptr)
    alpha = weights.alpha(n_ratings).astype(np.float64)
    user_factors = model.als.fold_in(ratings)
    moments = model.als_moments.for_users(user_factors)
    scale = alpha * weights.collaborative * moments.scale
    constant = -scale * moments.mean
    added: list[tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.int64] | None]] = []
    if weights.content > 0 and model.content.groups:
        content = model.content_term.scores(catalogue_ratings)
        moments = dense_moments(content)
        added.append((content, alpha * weights.content * moments.scale, None))
        constant -= added[-1][1] * moments.mean
    if model.ease is not None and weights.ease > 0:
        kept = model.ease.score_kept(ratings)
        moments = dense_moments(kept, n_items=model.n_items)
        factor = alpha * weights.collaborative * weights.ease * moments.scale
        added.append((kept, factor, model.ease.kept_nums))
        constant -= added[-1][1] * moments.mean
    left: list[NDArray[np.floating]] = [
        user_factors * scale[:, None],
        weights.prior(n_ratings)[:, None],
        constant[:, None],
    ]
    scores: NDArray[np.float32] = np.concatenate(left, axis=1).astype(np.float32) @ model.fused_items
    for raw, factor, columns in added:
        np.multiply(raw, factor.astype(np.float32)[:, None], out=raw)
        if columns is None or len(columns) == model.n_items:
            scores += raw
        else:
            scores[:, columns] += raw
    if model.neighbours is not None and weights.neighbours > 0:
        _add_neighbours(scores, model.neighbours, ratings, weights.neighbourhood(n_ratings))
    return scores


def _add_neighbours(
    scores: NDArray[np.float32], neighbours: UserKNNModel, ratings: csr_matrix, shares: NDArray[np.float32]
) -> None:
    """Add z(user-kNN) times ``shares`` (n_users,) to ``scores``, looking for neighbours where they count alone."""
    asked = np.flatnonzero(shares)
    if len(asked):
        everybody = len(asked) == len(shares)
        votes = neighbours.score(ratings if everybody else ratings[asked])
        votes = dense_moments(votes).standardise(votes)
        votes *= shares[asked, None]
        if everybody:
            scores += votes
        else:
            scores[asked] += votes
