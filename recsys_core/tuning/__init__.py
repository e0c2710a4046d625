"""Tuning of the sources and the hybrid weights: the search space is data, and only this room knows Optuna."""

from recsys_core.sources.search_space import SearchParameter
from recsys_core.tuning.parameters import TuningParameters
from recsys_core.tuning.result import TuningResult
from recsys_core.tuning.space import SEARCH_SPACE, STAGES, StageSpace
from recsys_core.tuning.study import OnTrial
from recsys_core.tuning.trials import Trial, best_trial
from recsys_core.tuning.tune import tune, tune_als

__all__ = [
    "SEARCH_SPACE",
    "STAGES",
    "OnTrial",
    "SearchParameter",
    "StageSpace",
    "Trial",
    "TuningParameters",
    "TuningResult",
    "best_trial",
    "tune",
    "tune_als",
]
