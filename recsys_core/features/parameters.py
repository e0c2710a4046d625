"""What can be set about item features."""

from typing import Literal

from pydantic import Field

from recsys_core.parameters import Parameters

__all__ = ["GROUP_NAMES", "FeatureParameters", "GroupName"]

GroupName = Literal["genre", "decade", "tags", "genome"]
GROUP_NAMES: tuple[GroupName, ...] = ("genre", "decade", "tags", "genome")


class FeatureParameters(Parameters):
    """Parameters of :func:`recsys_core.features.build_item_features`."""

    groups: tuple[GroupName, ...] = Field(default=GROUP_NAMES, min_length=1)
    """Groups to build, where the data has them."""
    min_tag_items: int = Field(default=2, ge=1, le=10_000)
    """A free-text tag counts when at least so many training items carry it."""
    genome_power: float = Field(default=0.5, ge=0, le=10)
    """A sparse genome enters as relevance^genome_power; relevance 0 is no feature."""
    n_components: int = Field(default=128, ge=1, le=2048)
    """Length to which a dense genome is reduced."""
    dense_share: float = Field(default=0.2, gt=0, le=1)
    """A genome with more than this share of its pairs filled is dense."""
