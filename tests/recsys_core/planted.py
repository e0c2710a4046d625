"""The planted hybrid that several modules of tests ask, made at the first test that does."""

from dataclasses import replace
from functools import cache

import numpy as np
from scipy.sparse import csr_matrix

from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.hybrid import ColdCalibration, HybridModel
from recsys_core.testing.hybrids import planted_hybrid

__all__ = ["cold_row", "mixing", "model", "row_of", "train"]

_AS_IT_IS = ColdCalibration(
    knots=(0.0,),
    warm_slopes=(1.0, 1.0),
    warm_length=0.0,
    warm_intercept=0.0,
    cold_slope=1.0,
    cold_length=0.0,
    cold_intercept=0.0,
)


@cache
def _planted() -> tuple[HybridModel, UserItemMatrix]:
    return planted_hybrid()


def model() -> HybridModel:
    return _planted()[0]


def train() -> UserItemMatrix:
    """The ratings that it was fitted on."""
    return _planted()[1]


@cache
def mixing() -> HybridModel:
    """The same with cold items in its lists, each with its match for a score."""
    return replace(model(), cold=replace(model().cold, calibration=_AS_IT_IS))


def row_of(**ratings: float) -> csr_matrix:
    """One user's ratings by item number, ``row_of(i3=5.0)``."""
    return _row({int(name[1:]): value for name, value in ratings.items()}, model().n_items)


def cold_row(num: int, value: float) -> csr_matrix:
    """One user's rating of one cold item."""
    return _row({num: value}, len(model().cold_item_ids))


def _row(ratings: dict[int, float], width: int) -> csr_matrix:
    nums = np.array(sorted(ratings), dtype=np.int32)
    values = np.array([ratings[num] for num in nums.tolist()], dtype=np.float32)
    return csr_matrix((values, nums, np.array([0, len(nums)])), shape=(1, width))
