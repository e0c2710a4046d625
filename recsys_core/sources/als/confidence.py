"""From star ratings to confidence."""

import numpy as np
from scipy.sparse import csr_matrix

from recsys_core.dataset.feedback import Feedback
from recsys_core.sources.als.parameters import ALSParameters

__all__ = ["rating_confidence", "told_confidence"]


def rating_confidence(user_ratings: csr_matrix, parameters: ALSParameters, feedback: Feedback) -> csr_matrix:
    """Map ratings to confidence c (Hu, Koren & Volinsky 2008), in the sign convention of ``implicit``.

    A liked item has c = 1 + confidence_weight · share^rating_power > 0, preference 1, with the share of the best
    rating (:meth:`Feedback.shares`). A rating below the scale's middle, or below ``dislike_threshold`` · maximum, has
    -dislike_confidence < 0: preference 0, confidence |c|. Every unobserved item has preference 0 and confidence 1.

    Returns float32 CSR with the sparsity of ``user_ratings`` (shared, not copied).
    """
    confidence = 1.0 + parameters.confidence_weight * feedback.shares(user_ratings.data) ** parameters.rating_power
    if feedback.kind == "ratings":
        least = max(parameters.dislike_threshold * feedback.maximum, feedback.middle)
        confidence = np.where(user_ratings.data < np.float32(least), -parameters.dislike_confidence, confidence)
    return csr_matrix(
        (confidence.astype(np.float32), user_ratings.indices, user_ratings.indptr), shape=user_ratings.shape
    )


def told_confidence(user_ratings: csr_matrix, parameters: ALSParameters, feedback: Feedback) -> csr_matrix:
    """:func:`rating_confidence` without what an unobserved pair says as well: preference 0 with confidence 1.

    With ``dislike_confidence`` 1 these are all dislikes, a fifth of MovieLens. No sum of the normal equations has them.
    """
    confidence = rating_confidence(user_ratings, parameters, feedback)
    unobserved = confidence.data == -1
    if not unobserved.any():
        return confidence
    told = csr_matrix((confidence.data, confidence.indices.copy(), confidence.indptr.copy()), shape=confidence.shape)
    told.data[unobserved] = 0
    told.eliminate_zeros()
    return told
