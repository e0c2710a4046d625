"""Whether two catalogues are one, at two times."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST_COMMON", "share_in_common"]

LEAST_COMMON: Final = 0.5
"""Of the smaller catalogue's items, in both: below that they are two catalogues."""


def share_in_common(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Share of the smaller catalogue's items (ids, each once) that are in both; 1 where one is empty."""
    smaller = min(len(first), len(second))
    return len(np.intersect1d(first, second, assume_unique=True)) / smaller if smaller else 1.0
