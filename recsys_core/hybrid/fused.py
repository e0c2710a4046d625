"""The hybrid score with as few passes over (n_users, n_items) as possible."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.hybrid.moments import dense_moments

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
    if model.neighbours is not None and weights.neighbours > 0:
        votes = model.neighbours.score(ratings)
        moments = dense_moments(votes)
        added.append((votes, weights.neighbourhood(n_ratings).astype(np.float64) * moments.scale, None))
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
    return scores
