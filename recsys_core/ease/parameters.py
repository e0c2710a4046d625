"""What can be set about EASE."""

from pydantic import Field

from recsys_core.parameters import Parameters

__all__ = ["EASEParameters"]


class EASEParameters(Parameters):
    """Parameters of :func:`recsys_core.ease.fit_ease`."""

    regularization: float = Field(default=50.0, gt=0, le=1e7)
    """L2 penalty on the item-to-item weights; good values grow with the number of ratings."""
    max_items: int = Field(default=4000, ge=1, le=50_000)
    """Only so many most rated items take part: the weights are a dense (max_items, max_items) matrix."""
    rating_power: float = Field(default=2.0, ge=0, le=10)
    """Ratings enter as (rating / maximum)^rating_power; 0 counts every rating as 1."""
