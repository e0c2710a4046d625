"""Whether the measurement itself can be believed: popularity again, and once more by hand."""

import math

import numpy as np
from scipy.sparse import csr_matrix

from bench.accuracy.data import Bundle
from bench.accuracy.folds import FinalPart, final_part
from bench.accuracy.judging import K, accuracy, lists_of
from bench.accuracy.settings import Settings
from recsys_core.dataset.interactions import HeldOut
from recsys_core.evaluation import UserMetrics
from recsys_core.sources.popularity import fit_popularity
from recsys_core.splitting import SplitParameters, hash_uniform

__all__ = ["popularity_by_hand", "popularity_repeats"]


def popularity_repeats(
    bundle: Bundle, settings: Settings, splitting: SplitParameters, view_name: str, judged: UserMetrics
) -> dict[str, bool]:
    """Whether popularity's NDCG@10 of ``judged`` comes out again.

    ``again``: to the last digit of every user, from a new split. ``by_hand``: within 1e-12, by code that shares
    nothing with the evaluation but the hash that breaks ties.
    """
    part = final_part(bundle, splitting, settings)
    view = part.views[view_name]
    model = fit_popularity(part.train.ratings, part.train.item_ids)
    lists = lists_of({"popularity": model.score}, view.history.ratings, part.train.item_ids)
    repeated = accuracy(lists, view.targets, view.user_ids).column("popularity", f"ndcg@{K}")
    first = judged.column("popularity", f"ndcg@{K}")
    by_hand = np.asarray(popularity_by_hand(part, view))
    return {
        "again": bool(np.array_equal(first, repeated)),
        "by_hand": bool(first.shape == by_hand.shape and np.abs(first - by_hand).max() < 1e-12),
    }


def popularity_by_hand(part: FinalPart, view: HeldOut) -> list[float]:
    """NDCG@10 of every user of ``view`` by loops over plain Python values."""
    counts: dict[int, int] = {}
    for column in part.train.ratings.indices.tolist():
        counts[column] = counts.get(column, 0) + 1
    ties = hash_uniform(0, "ties", part.train.item_ids).tolist()
    ranked = sorted(counts, key=lambda column: (-counts[column], ties[column]))
    found = []
    known: csr_matrix
    wanted: csr_matrix
    for known, wanted in zip(view.history.ratings, view.targets, strict=True):
        seen, targets = set(known.indices.tolist()), set(wanted.indices.tolist())
        unseen = (column for column in ranked if column not in seen)
        gain = sum(1 / math.log2(rank + 2) for rank, column in zip(range(K), unseen, strict=False) if column in targets)
        found.append(gain / sum(1 / math.log2(rank + 2) for rank in range(min(K, len(targets)))))
    return found
