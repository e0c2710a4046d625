"""Every asset, in the order in which the graph reads from left to right."""

from assets.evaluation import EVALUATION_ASSETS
from assets.features import FEATURE_ASSETS
from assets.models import MODEL_ASSETS
from assets.promoting import PROMOTION_ASSETS
from assets.raw import RAW_ASSETS
from assets.release import RELEASE_ASSETS
from assets.validated import VALIDATED_ASSETS

__all__ = ["ALL_ASSETS"]

ALL_ASSETS = [
    *RAW_ASSETS,
    *VALIDATED_ASSETS,
    *FEATURE_ASSETS,
    *MODEL_ASSETS,
    *EVALUATION_ASSETS,
    *RELEASE_ASSETS,
    *PROMOTION_ASSETS,
]
