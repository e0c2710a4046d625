"""What variety costs: the hybrid's lists, re-ranked with more and more diversity."""

import numpy as np

from bench.accuracy.folds import FinalPart
from bench.accuracy.judging import LIST_LENGTH, WARM, accuracy, with_diversity
from recsys_core.evaluation import UserMetrics
from recsys_core.evaluation.beyond_accuracy import unit_features
from recsys_core.hybrid import HybridModel
from recsys_core.reranking import Reranker, RerankParameters

__all__ = ["DIVERSITIES", "judged_variety"]

DIVERSITIES = {f"diversity_{share}": share / 100 for share in (0, 20, 40, 60, 80, 100)}
"""Settings of :class:`RerankParameters` by the name under which they are judged."""


def judged_variety(part: FinalPart, hybrid: HybridModel) -> UserMetrics:
    """The view ``warm`` with the hybrid at each of ``DIVERSITIES``; as there, only trained titles are in the lists."""
    view, reranker = part.views[WARM], Reranker(hybrid.content.features)
    trained = np.arange(part.train.n_items)
    ranking = hybrid.recommend(view.history, RerankParameters().n_candidates, candidates=trained)
    lists = {}
    for name, diversity in DIVERSITIES.items():
        chosen = RerankParameters(diversity=diversity)
        found = reranker.rerank(ranking, view.history.ratings, chosen, LIST_LENGTH)
        lists[name] = found.padded(view.history.n_users, LIST_LENGTH)
    judged = accuracy(lists, view.targets, view.user_ids)
    return with_diversity(judged, lists, unit_features(part.features.select(part.train.item_ids)))
