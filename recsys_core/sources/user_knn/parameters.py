"""What can be set about user-kNN."""

from pydantic import Field

from recsys_core.parameters import Parameters

__all__ = ["UserKNNParameters"]


class UserKNNParameters(Parameters):
    """Parameters of :func:`recsys_core.sources.user_knn.fit_user_knn`."""

    neighbours: int = Field(default=100, ge=1, le=10_000)
    """Most similar people whose ratings are added up."""
    shrinkage: float = Field(default=30.0, ge=0, le=1e6)
    """Added to the denominator of the cosine: similarities that rest on few titles become small."""
    rating_power: float = Field(default=2.0, ge=0, le=10)
    """Ratings enter as (rating / maximum)^rating_power; 0 counts every rating as 1."""
    time_floor: float = Field(default=0.3, ge=0, le=1)
    """What a neighbour of quite another time counts, one of the same time 1; 1 counts all times alike."""
    half_life: float | None = Field(default=None, gt=0, le=1000)
    """Years between two people's times after which half of the rest is left. Not given: three, or three quarters of the
    time between the first and the last person where that is less."""
    max_users: int = Field(default=10_000, ge=1)
    """Neighbours are sought among so many people at most, drawn by a seeded hash of their ids."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Of that draw."""
