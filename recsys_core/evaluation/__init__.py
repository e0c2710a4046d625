"""How good the models are: full rankings, metrics per user, slices, intervals, tables and plots."""

from recsys_core.evaluation.accuracy import ACCURACY_METRICS, ndcg_at, ndcg_of_scores
from recsys_core.evaluation.ranking import NO_ITEM, hits_of, top_k

__all__ = ["ACCURACY_METRICS", "NO_ITEM", "hits_of", "ndcg_at", "ndcg_of_scores", "top_k"]
