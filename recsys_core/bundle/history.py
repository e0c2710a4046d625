"""What one person has rated, as the model takes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.interactions import positions_in
from recsys_core.hybrid import HybridModel

__all__ = ["History"]


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """One person's ratings: CSR float32 of shape (1, n_items) and (1, n_cold)."""

    warm: csr_matrix
    cold: csr_matrix

    @classmethod
    def of_row(cls, model: HybridModel, row: csr_matrix) -> Self:
        """Of a row of the training matrix."""
        return cls(row, _row({}, len(model.cold_item_ids)))

    @classmethod
    def of_ratings(cls, model: HybridModel, ratings: Mapping[int, float], *, row: csr_matrix | None = None) -> Self:
        """Of ratings by movie id, on top of ``row`` where there is one; ids outside the catalogue do not count."""
        ids = np.fromiter(ratings, dtype=np.int64, count=len(ratings))
        values = np.fromiter(ratings.values(), dtype=np.float32, count=len(ratings))
        warm = dict(zip(row.indices.tolist(), row.data.tolist(), strict=True)) if row is not None else {}
        warm.update(_placed(model.item_ids, ids, values))
        cold = _placed(model.cold_item_ids, ids, values)
        return cls(_row(warm, model.n_items), _row(cold, len(model.cold_item_ids)))


def _placed(item_ids: NDArray[np.int64], ids: NDArray[np.int64], values: NDArray[np.float32]) -> dict[int, float]:
    places = positions_in(item_ids, ids)
    found = places >= 0
    return dict(zip(places[found].tolist(), values[found].tolist(), strict=True))


def _row(ratings: Mapping[int, float], width: int) -> csr_matrix:
    nums = sorted(ratings)
    values = np.asarray([ratings[num] for num in nums], dtype=np.float32)
    return csr_matrix((values, np.asarray(nums, dtype=np.int32), np.array([0, len(nums)])), shape=(1, width))
