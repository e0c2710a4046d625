"""Features of items, in groups: genre, decade, words of the title, tags and genome."""

from recsys_core.features.build import build_item_features
from recsys_core.features.item_features import ItemFeatures
from recsys_core.features.parameters import GROUP_NAMES, FeatureParameters

__all__ = ["GROUP_NAMES", "FeatureParameters", "ItemFeatures", "build_item_features"]
