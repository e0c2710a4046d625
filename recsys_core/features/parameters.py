"""What can be set about item features."""

from typing import Literal

from pydantic import Field

from recsys_core.parameters import Parameters

__all__ = ["GROUP_NAMES", "FeatureParameters", "GroupName", "check_group_weights"]

GroupName = Literal["genre", "decade", "title", "tags", "genome"]
GROUP_NAMES: tuple[GroupName, ...] = ("genre", "decade", "title", "tags", "genome")
"""Groups of features, each with a weight of its own."""


def check_group_weights(weights: dict[str, float]) -> dict[str, float]:
    """Refuse unknown feature groups and negative weights."""
    for name, weight in weights.items():
        if name not in GROUP_NAMES:
            raise ValueError(f"feature group {name!r} is not known, expected one of {', '.join(GROUP_NAMES)}")
        if weight < 0:
            raise ValueError(f"the weight of feature group {name} is {weight}, expected at least 0")
    return weights


class FeatureParameters(Parameters):
    """Parameters of :func:`recsys_core.features.build_item_features`."""

    groups: tuple[GroupName, ...] = Field(default=GROUP_NAMES, min_length=1)
    """Groups to build, where the data has them."""
    min_tag_items: int = Field(default=2, ge=1, le=10_000)
    """A free-text tag counts when at least so many training items carry it."""
    max_tags: int = Field(default=64, ge=1, le=10_000)
    """Of an item with more tags only so many count, those with the largest weights."""
    min_word_items: int = Field(default=2, ge=1, le=10_000)
    """A word of the titles counts when at least so many training items have it."""
    genome_power: float = Field(default=0.5, ge=0, le=10)
    """A sparse genome enters as relevance^genome_power; relevance 0 is no feature."""
    n_components: int = Field(default=128, ge=1, le=2048)
    """Length to which a dense genome is reduced."""
    dense_share: float = Field(default=0.2, gt=0, le=1)
    """A genome with more than this share of its pairs filled is dense."""
