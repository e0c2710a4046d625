"""Whose likes a model can make something of."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recsys_core.hybrid.parts import HybridParts

__all__ = ["heard"]


def heard(
    model: HybridParts, n_liked: NDArray[np.int64], spreads: Mapping[str, NDArray[np.float64]]
) -> NDArray[np.int64]:
    """``n_liked`` (n_users,), and 0 for those to whom no source of the taste says anything.

    They are newcomers to the model, whatever they have liked: a title that EASE does not know, or nothing but ratings
    at the scale's middle.

    spreads  of each user's scores by source, (n_users,); 0 where all are equal, or were not asked for
    """
    says = np.zeros(len(n_liked), dtype=bool)
    for name, weight in model.weights.taste.items():
        if weight and name in spreads:
            says |= spreads[name] > 0
    return np.where(says, n_liked, 0)
