"""The hybrid: standardised scores of several sources, blended into one."""

from recsys_core.hybrid.components import ComponentScores
from recsys_core.hybrid.explanation import SOURCES, Explanation
from recsys_core.hybrid.fit import Components, assemble_hybrid, fit_components, fit_hybrid
from recsys_core.hybrid.model import MODEL_NAMES, HybridModel, ModelName
from recsys_core.hybrid.ranking import Ranking, top_k
from recsys_core.hybrid.weights import HybridWeights

__all__ = [
    "MODEL_NAMES",
    "SOURCES",
    "ComponentScores",
    "Components",
    "Explanation",
    "HybridModel",
    "HybridWeights",
    "ModelName",
    "Ranking",
    "assemble_hybrid",
    "fit_components",
    "fit_hybrid",
    "top_k",
]
