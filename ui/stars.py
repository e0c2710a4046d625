"""Five stars on the page, whatever the scale of the data's ratings."""

from dataclasses import dataclass
from typing import Final

__all__ = ["STARS", "StarScale"]

STARS: Final = 5


@dataclass(frozen=True, slots=True)
class StarScale:
    """Ratings are ``lowest`` plus a multiple of ``step``, up to ``highest``; a step of 0 allows any value."""

    lowest: float
    highest: float
    step: float

    def rating(self, stars: float) -> float:
        """The rating that so many of five stars are: 8 of 10 for four."""
        wanted = self.highest * stars / STARS
        if self.step > 0:
            wanted = self.lowest + round((wanted - self.lowest) / self.step) * self.step
        return min(self.highest, max(self.lowest, wanted))

    def stars(self, rating: float) -> float:
        """How many of five stars a rating is."""
        return STARS * rating / self.highest
