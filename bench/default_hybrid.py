"""The hybrid that is trained when nothing is tuned: every parameter at its default."""

from bench.accuracy.data import Bundle
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import Split
from recsys_core.experiment import UNTUNED, fit_release
from recsys_core.features import FeatureParameters
from recsys_core.hybrid import HybridModel

__all__ = ["fit_default_hybrid"]


def fit_default_hybrid(bundle: Bundle, split: Split | None = None) -> HybridModel:
    """Fitted on the training part of ``split`` alone, the features too; without a split on all ratings."""
    tables, everything, parameters = bundle.tables, bundle.interactions, FeatureParameters()
    return fit_release(
        split.train if split else everything,
        tables.known_to(split, parameters) if split else tables.known_to_all(everything, parameters),
        UNTUNED,
        feedback=MOVIELENS.feedback,
    )
