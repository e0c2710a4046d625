"""Precision against coverage: what a choice of weights gives and what it costs."""

from dataclasses import dataclass

import numpy as np

from recsys_core.dataset.interactions import HeldOut
from recsys_core.evaluation.accuracy import precision_at
from recsys_core.evaluation.beyond_accuracy import coverage
from recsys_core.evaluation.evaluate import Score, recommend_block_wise
from recsys_core.evaluation.ranking import hits_of

__all__ = ["TradeOff", "trade_off"]


@dataclass(frozen=True, slots=True)
class TradeOff:
    """One choice of weights. ``label`` names it in the plot, or is empty; ``chosen`` marks the tuned one."""

    label: str
    precision: float
    coverage: float
    chosen: bool = False


def trade_off(
    label: str, score: Score, part: HeldOut, *, k: int = 10, chosen: bool = False, block_scores: int = 16_000_000
) -> TradeOff:
    """Precision@k and coverage@k of ``score`` on the users of ``part``."""
    lists = recommend_block_wise(
        score, part.history, k, part.history.item_ids, block_scores=block_scores, name=label, exclude=True
    )
    asked = np.diff(part.targets.indptr).astype(np.int64)
    hits = hits_of(lists, part.targets)[asked > 0]
    return TradeOff(
        label, float(precision_at(hits, asked[asked > 0], k).mean()), coverage(lists, part.history.n_items), chosen
    )
