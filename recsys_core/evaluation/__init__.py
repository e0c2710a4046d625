"""How good the models are: full rankings, metrics by user, slices and intervals."""

from recsys_core.evaluation.accuracy import ACCURACY_METRICS, ndcg_at, ndcg_of_scores
from recsys_core.evaluation.across import only, paired_between, pool
from recsys_core.evaluation.bootstrap import Intervals, PairedDifference, bootstrap_means, paired_differences
from recsys_core.evaluation.evaluate import Score, evaluate
from recsys_core.evaluation.parameters import EvaluationParameters
from recsys_core.evaluation.ranking import hits_of
from recsys_core.evaluation.results import ALL, Evaluation, Metrics, UserMetrics
from recsys_core.evaluation.simultaneous import (
    MINIMUM_DIFFERING,
    Series,
    SimultaneousIntervals,
    Verdict,
    simultaneous_means,
    verdict,
)

__all__ = [
    "ACCURACY_METRICS",
    "ALL",
    "MINIMUM_DIFFERING",
    "Evaluation",
    "EvaluationParameters",
    "Intervals",
    "Metrics",
    "PairedDifference",
    "Score",
    "Series",
    "SimultaneousIntervals",
    "UserMetrics",
    "Verdict",
    "bootstrap_means",
    "evaluate",
    "hits_of",
    "ndcg_at",
    "ndcg_of_scores",
    "only",
    "paired_between",
    "paired_differences",
    "pool",
    "simultaneous_means",
    "verdict",
]
