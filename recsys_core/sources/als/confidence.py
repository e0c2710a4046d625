"""From star ratings to confidence."""

import numpy as np
from scipy.sparse import csr_matrix

from recsys_core.errors import ParameterError
from recsys_core.sources.als.parameters import ALSParameters

__all__ = ["rating_confidence"]


def rating_confidence(user_ratings: csr_matrix, parameters: ALSParameters, rating_scale_max: float) -> csr_matrix:
    """Map ratings to confidence c (Hu, Koren & Volinsky 2008), in the sign convention of ``implicit``.

    A liked item has c = 1 + confidence_weight · (rating / maximum)^rating_power > 0, preference 1. An item rated
    below ``dislike_threshold`` · maximum has -dislike_confidence < 0: preference 0, confidence |c|. Every
    unobserved item has preference 0 and confidence 1.

    Returns float32 CSR with the sparsity of ``user_ratings`` (shared, not copied).
    """
    if not rating_scale_max > 0:
        raise ParameterError(f"rating_scale_max = {rating_scale_max}: expected more than 0")
    share = np.maximum(user_ratings.data, 0) / np.float32(rating_scale_max)
    confidence = 1.0 + parameters.confidence_weight * share**parameters.rating_power
    if parameters.dislike_threshold is not None:
        disliked = user_ratings.data < np.float32(parameters.dislike_threshold * rating_scale_max)
        confidence = np.where(disliked, -parameters.dislike_confidence, confidence)
    return csr_matrix(
        (confidence.astype(np.float32), user_ratings.indices, user_ratings.indptr), shape=user_ratings.shape
    )
