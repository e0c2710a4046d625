"""What the figures must reach, and what is aimed at."""

from collections.abc import Sequence
from typing import NamedTuple

from recsys_core.evaluation import Evaluation

__all__ = ["BARS", "MUST_BEAT", "Bar", "lowest_differences"]


class Bar(NamedTuple):
    """Mean NDCG@10 of the hybrid on a slice, pooled over all test users."""

    slice_name: str
    least: float
    aim: float


BARS = (
    Bar("warm", 0.340, 0.355),
    Bar("by_time", 0.144, 0.150),
    Bar("first_1", 0.400, 0.420),
    Bar("first_3", 0.400, 0.420),
    Bar("first_10", 0.388, 0.400),
    Bar("cold", 0.410, 0.420),
    Bar("cold_among_all", 0.080, 0.120),
)
MUST_BEAT = (
    ("als", "warm"),
    ("als", "by_time"),
    ("popularity", "first_3"),
    ("cosine", "cold"),
    ("metadata_count", "cold"),
)
"""The 95 % interval of the hybrid minus this model, paired by user, lies above 0 on this slice."""


def lowest_differences(
    pooled: Evaluation, pairs: Sequence[tuple[str, str]] = MUST_BEAT
) -> dict[tuple[str, str], float]:
    """The lower end of the interval of the hybrid minus each (model, slice), of shape (model, slice) → number."""
    return {(model, name): pooled.paired("hybrid", model, "ndcg@10", slice_name=name).ci_low for model, name in pairs}
