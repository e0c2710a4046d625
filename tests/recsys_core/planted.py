"""The planted hybrid that several modules of tests ask, made at the first test that does."""

from functools import cache

from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.hybrid import HybridModel
from recsys_core.testing.hybrids import planted_hybrid

__all__ = ["model", "train"]


@cache
def _planted() -> tuple[HybridModel, UserItemMatrix]:
    return planted_hybrid()


def model() -> HybridModel:
    return _planted()[0]


def train() -> UserItemMatrix:
    """The ratings that it was fitted on."""
    return _planted()[1]
