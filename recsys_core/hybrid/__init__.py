"""The hybrid: standardised scores of several sources, blended into one."""

from recsys_core.hybrid.cold import ColdCalibration, ColdTitles, NewTitles
from recsys_core.hybrid.cold_learning import learn_calibration
from recsys_core.hybrid.explain import SIDES, Explanation
from recsys_core.hybrid.fit import assemble_hybrid, fit_hybrid, fit_sources, training_of
from recsys_core.hybrid.model import MODEL_NAMES, HybridModel, ModelName
from recsys_core.hybrid.weights import HybridWeights

__all__ = [
    "MODEL_NAMES",
    "SIDES",
    "ColdCalibration",
    "ColdTitles",
    "Explanation",
    "HybridModel",
    "HybridWeights",
    "ModelName",
    "NewTitles",
    "assemble_hybrid",
    "fit_hybrid",
    "fit_sources",
    "learn_calibration",
    "training_of",
]
