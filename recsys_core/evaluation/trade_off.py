"""Precision against coverage: what a choice of weights gives and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recsys_core.dataset.interactions import HeldOut
from recsys_core.evaluation.accuracy import precision_at
from recsys_core.evaluation.beyond_accuracy import coverage
from recsys_core.evaluation.evaluate import Score, recommend_block_wise
from recsys_core.evaluation.ranking import hits_of

__all__ = ["TradeOff", "trade_offs_of"]


@dataclass(frozen=True, slots=True)
class TradeOff:
    """One choice of weights. ``label`` names it in the plot, or is empty; ``chosen`` marks the tuned one."""

    label: str
    precision: float
    coverage: float
    chosen: bool = False


def trade_offs_of(
    scorers: Mapping[str, Score], part: HeldOut, *, k: int = 10, chosen: str = "", block_scores: int = 16_000_000
) -> list[TradeOff]:
    """Precision@k and coverage@k of ``scorers``, by label, on the users of ``part``."""
    asked = np.diff(part.targets.indptr).astype(np.int64)
    lists = recommend_block_wise(
        scorers, part.history, k, part.history.item_ids, block_scores=block_scores, exclude=True
    )
    found = []
    for label, recommended in lists.items():
        hits = hits_of(recommended, part.targets)[asked > 0]
        precision = float(precision_at(hits, asked[asked > 0], k).mean())
        found.append(TradeOff(label, precision, coverage(recommended, part.history.n_items), label == chosen))
    return found
