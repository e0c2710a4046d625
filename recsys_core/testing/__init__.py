"""Public test builders: small data, Hypothesis strategies and the contract that every scorer keeps.

Needs pytest and Hypothesis; nothing outside the tests imports it.
"""

from recsys_core.testing.builders import checkerboard, heavy_raters, planted_features, planted_interactions
from recsys_core.testing.contract import ScorerContract
from recsys_core.testing.strategies import histories_of, item_feature_sets, rating_values, user_item_matrices

__all__ = [
    "ScorerContract",
    "checkerboard",
    "heavy_raters",
    "histories_of",
    "item_feature_sets",
    "planted_features",
    "planted_interactions",
    "rating_values",
    "user_item_matrices",
]
