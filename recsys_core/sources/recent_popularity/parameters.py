"""What can be set about popularity near a person's time."""

from pydantic import Field

from recsys_core.parameters import Parameters

__all__ = ["RecentPopularityParameters"]


class RecentPopularityParameters(Parameters):
    """Parameters of :func:`recsys_core.sources.recent_popularity.fit_recent_popularity`."""

    rating_power: float = Field(default=2.0, ge=0, le=10)
    """A rating counts (rating / maximum)^rating_power; 0 counts every rating as 1."""
    half_life: float | None = Field(default=None, gt=0, le=1000)
    """Years between a rating and the person's time after which it counts half. Not given: one, or a quarter of the time
    that the ratings span where that is less."""
    floor: float = Field(default=0.05, ge=0, le=1)
    """What a rating counts besides, however far away it is, as a share."""
    step: float | None = Field(default=None, gt=0, le=10)
    """Popularity is worked out for moments so many years apart, and a person has that of the nearest. Not given: one,
    or a quarter of that time."""
