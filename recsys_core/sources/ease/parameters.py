"""What can be set about EASE."""

from pydantic import Field, field_validator

from recsys_core.features.parameters import check_group_weights
from recsys_core.parameters import Parameters

__all__ = ["EASEParameters"]


class EASEParameters(Parameters):
    """Parameters of :func:`recsys_core.sources.ease.fit_ease`."""

    regularization: float = Field(default=50.0, gt=0, le=1e7)
    """L2 penalty on the item-to-item weights; good values grow with the number of ratings."""
    max_items: int = Field(default=4000, ge=1, le=50_000)
    """Only so many most rated items take part: the weights are a dense (max_items, max_items) matrix."""
    min_item_ratings: int = Field(default=5, ge=1)
    """Items with fewer training ratings take no part: too few to learn weights from, too many to pay for."""
    rating_power: float = Field(default=2.0, ge=0, le=10)
    """Ratings are learnt from as (rating / maximum)^rating_power; 0 counts every rating as 1."""
    user_power: float = Field(default=0.0, ge=0, le=2)
    """A person with n ratings counts (n / mean n)^-user_power times: above 0, heavy raters have less of the say."""
    item_power: float = Field(default=0.0, ge=0, le=1)
    """Columns are scaled by (their square sum)^-item_power before the weights are learnt, and back afterwards."""
    dislike: float = Field(default=0.2, ge=0, le=10)
    """What the worst rating in a history counts against similar titles, where the best counts 1 for them."""
    recency_floor: float = Field(default=0.5, ge=0, le=1)
    """A history's oldest ratings count so much, the newest 1; 1 counts all alike."""
    recency_share: float = Field(default=0.1, gt=0, le=10)
    """Share of a history over which a rating's weight falls by a factor e towards the floor."""
    feature_weight: float = Field(default=10.0, ge=0, le=1e6)
    """How much the items' features count beside the ratings; 0 is plain EASE."""
    group_weights: dict[str, float] = Field(
        default={"genre": 0.3, "decade": 0.3, "title": 0.3, "tags": 0.3, "genome": 1.0}
    )
    """Weight of each feature group within them; a group that is not named is left out."""

    _check_weights = field_validator("group_weights")(check_group_weights)
