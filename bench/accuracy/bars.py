"""What the figures must reach, what is aimed at, and docs/accuracy.json: what a fold that is run again is held to."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from recsys_core.evaluation import Evaluation, pool

__all__ = ["BARS", "MUST_BEAT", "Bar", "figures_of", "lowest_differences", "write_record"]

_METRIC = "ndcg@10"


class Bar(NamedTuple):
    """Mean NDCG@10 of the hybrid on a slice, pooled over all test users."""

    slice_name: str
    least: float
    aim: float


BARS = (
    Bar("warm", 0.340, 0.355),
    Bar("by_time", 0.144, 0.150),
    Bar("first_1", 0.400, 0.420),
    Bar("first_3", 0.408, 0.420),
    Bar("first_10", 0.388, 0.400),
    Bar("cold", 0.420, 0.430),
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


def lowest_differences(pooled: Evaluation) -> dict[tuple[str, str], float]:
    """The lower end of the interval of the hybrid minus each (model, slice) of ``MUST_BEAT``."""
    return {pair: pooled.paired("hybrid", pair[0], _METRIC, slice_name=pair[1]).ci_low for pair in MUST_BEAT}


def figures_of(fold: Evaluation) -> dict[str, dict[str, float]]:
    """For each slice that has a bar: ``n_users``, and the mean NDCG@10 of the hybrid and its rivals there."""
    found: dict[str, dict[str, float]] = {}
    for name in (bar.slice_name for bar in BARS):
        part = fold.slice_of(name)
        judged = ["hybrid", *(model for model, on in MUST_BEAT if on == name)]
        means = {model: round(float(part.column(model, _METRIC).mean()), 6) for model in judged}
        found[name] = {"n_users": len(part.user_ids), **means}
    return found


def write_record(folds: Sequence[Evaluation], path: Path) -> None:
    """Write what ``folds`` have, and the lower ends of the intervals of all their users together."""
    lowest = [
        {"model": model, "slice": name, "ci_low": round(value, 6)}
        for (model, name), value in lowest_differences(pool(folds)).items()
    ]
    record = {"folds": [figures_of(fold) for fold in folds], "lowest_differences": lowest}
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
