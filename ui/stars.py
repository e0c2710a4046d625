"""Five stars on the page, whatever the scale of the data's ratings."""

from typing import Final

from serving.schemas import RatingScale

__all__ = ["STARS", "rating_of", "stars_of"]

STARS: Final = 5


def rating_of(stars: float, scale: RatingScale) -> float:
    """The rating that so many of five stars are: 8 of 10 for four."""
    wanted = scale.highest * stars / STARS
    if scale.step > 0:
        wanted = scale.lowest + round((wanted - scale.lowest) / scale.step) * scale.step
    return min(scale.highest, max(scale.lowest, wanted))


def stars_of(rating: float, scale: RatingScale) -> float:
    """How many of five stars a rating is."""
    return STARS * rating / scale.highest
