"""What can be set about item-kNN."""

from pydantic import Field

from recsys_core.parameters import Parameters

__all__ = ["ItemKNNParameters"]


class ItemKNNParameters(Parameters):
    """Parameters of :func:`recsys_core.item_knn.fit_item_knn`."""

    neighbours: int = Field(default=50, ge=1, le=10_000)
    """Most similar items kept for every item."""
    shrinkage: float = Field(default=30.0, ge=0, le=1e6)
    """Added to the denominator of the cosine: similarities that few users support become small."""
    rating_power: float = Field(default=2.0, ge=0, le=10)
    """Ratings enter as (rating / maximum)^rating_power; 0 counts every rating as 1."""
    max_ratings: int = Field(default=3000, ge=1)
    """Of anybody with more ratings so many count, drawn by a seeded hash of the items: pairs grow with the square."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Of that draw."""
