"""Stars and times of ratings."""

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from recsys_core.synthesis.catalogue import Catalogue
from recsys_core.synthesis.choosing import Chosen
from recsys_core.synthesis.people import END, People

__all__ = ["half_stars", "times"]

_HALVES_SINCE = int(datetime(2003, 2, 18, tzinfo=UTC).timestamp())  # before, MovieLens knew whole stars alone
_BOUNDS = (-2.03, -1.70, -1.51, -1.18, -0.89, -0.38, 0.06, 0.68, 1.13)
"""Of the opinion, between half a star and five: as often as in ml-25m."""
_LIKING = 0.45  # what a unit of affinity adds, in stars
_STRICTNESS = 0.42  # the spread between people
_NOISE = 0.75
_MEAN, _SPREAD = 0.49, 1.055  # of the opinions before they are put on the scale
_SECONDS_A_RATING = 25


def half_stars(
    catalogue: Catalogue, chosen: Chosen, n_users: int, moments: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.int64]:
    """Ratings from 1 to 10 half stars."""
    strictness = random.normal(0.0, _STRICTNESS, n_users).astype(np.float32)
    opinions = random.standard_normal(len(chosen.items), dtype=np.float32) * np.float32(_NOISE)
    opinions += strictness[chosen.users] + catalogue.quality[chosen.items] + np.float32(_LIKING) * chosen.affinity
    halves = np.searchsorted(_BOUNDS, (opinions - _MEAN) / _SPREAD) + 1
    whole = np.clip(halves + (halves % 2) * random.choice((-1, 1), len(halves)), 2, 10)
    stars: NDArray[np.int64] = np.where(moments < _HALVES_SINCE, whole, halves)
    return stars


def times(people: People, chosen: Chosen, random: np.random.Generator) -> NDArray[np.int64]:
    """When each was given, in seconds: within its session, which lasts as long as it has ratings."""
    begins, own = np.unique(chosen.sessions, return_inverse=True)
    lasting = np.bincount(own) * _SECONDS_A_RATING
    moments = people.starts[begins][own] + (random.random(len(own)) * lasting[own]).astype(np.int64)
    return np.minimum(moments, END)
