"""The hybrid that is trained when nothing is tuned: every parameter at its default."""

from recsys_core.dataset.interactions import Split
from recsys_core.dataset.schema import MOVIELENS
from recsys_core.experiment import ItemTables
from recsys_core.features import FeatureParameters
from recsys_core.hybrid import HybridModel, HybridWeights, fit_hybrid
from recsys_core.sources.als import ALSParameters
from recsys_core.sources.ease import EASEParameters

__all__ = ["fit_default_hybrid"]


def fit_default_hybrid(split: Split, tables: ItemTables) -> HybridModel:
    """Fitted on the training part of ``split`` alone, the features too."""
    return fit_hybrid(
        split.train,
        tables.known_to(split, FeatureParameters()),
        als_parameters=ALSParameters(),
        ease_parameters=EASEParameters(),
        weights=HybridWeights(),
        feedback=MOVIELENS.feedback,
    )
