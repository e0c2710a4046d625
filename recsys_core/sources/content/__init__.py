"""The content model: profiles of what a user liked, and factors for items that nobody has rated."""

from recsys_core.sources.content.cold_items import FeatureRidge, FeatureRidgeParameters, fit_feature_ridge
from recsys_core.sources.content.model import ContentModel, fit_content
from recsys_core.sources.content.parameters import ContentParameters

__all__ = [
    "ContentModel",
    "ContentParameters",
    "FeatureRidge",
    "FeatureRidgeParameters",
    "fit_content",
    "fit_feature_ridge",
]
