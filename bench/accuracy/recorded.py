"""The figures behind the bars, fold by fold, as docs/accuracy.json: what a fold that is run again is held to."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.accuracy.bars import BARS, MUST_BEAT, lowest_differences
from recsys_core.evaluation import Evaluation, pool

__all__ = ["figures_of", "mean_over_folds", "write_record"]

_METRIC = "ndcg@10"


def figures_of(fold: Evaluation) -> dict[str, dict[str, float]]:
    """For each slice that has a bar or a rival: ``n_users``, and the mean NDCG@10 of the hybrid and its rivals."""
    models: dict[str, list[str]] = {bar.slice_name: ["hybrid"] for bar in BARS}
    for model, name in MUST_BEAT:
        models[name].append(model)
    found: dict[str, dict[str, float]] = {}
    for name, judged in models.items():
        part = fold.slice_of(name)
        means = {m: round(float(part.column(m, _METRIC).mean()), 6) for m in judged}
        found[name] = {"n_users": len(part.user_ids), **means}
    return found


def mean_over_folds(record: dict[str, Any], slice_name: str, model: str) -> float:
    """Over all users of all folds together."""
    parts = [fold[slice_name] for fold in record["folds"]]
    return float(np.average([part[model] for part in parts], weights=[part["n_users"] for part in parts]))


def write_record(folds: Sequence[Evaluation], path: Path) -> None:
    """Write what ``folds`` have, and the lower ends of the intervals of all their users together."""
    lowest = lowest_differences(pool(folds))
    record = {
        "folds": [figures_of(fold) for fold in folds],
        "lowest_differences": [
            {"model": model, "slice": name, "ci_low": round(value, 6)} for (model, name), value in lowest.items()
        ],
    }
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
