"""The hybrid: standardised scores of several sources, blended into one."""

from recsys_core.hybrid.explain import SIDES, Explanation
from recsys_core.hybrid.fit import assemble_hybrid, fit_hybrid, fit_sources, training_of
from recsys_core.hybrid.model import MODEL_NAMES, HybridModel, ModelName
from recsys_core.hybrid.weights import HybridWeights

__all__ = [
    "MODEL_NAMES",
    "SIDES",
    "Explanation",
    "HybridModel",
    "HybridWeights",
    "ModelName",
    "assemble_hybrid",
    "fit_hybrid",
    "fit_sources",
    "training_of",
]
