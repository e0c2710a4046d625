"""The people: how much they rate, and when."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from recsys_core.synthesis.catalogue import FIRST_YEAR, LAST_YEAR, Catalogue
from recsys_core.synthesis.drawing import Stage, generator
from recsys_core.synthesis.shape import FEWEST_RATINGS_A_USER, Shape

__all__ = ["BEGINNING", "END", "People", "years_of"]

BEGINNING = int(datetime(1995, 1, 9, 11, 46, 49, tzinfo=UTC).timestamp())
END = int(datetime(2019, 11, 21, 9, 15, 3, tzinfo=UTC).timestamp())
_SPREAD = 1.42  # of the logarithm of the ratings above the fewest
_LARGEST_SHARE = 0.6  # of the rated movies that are out when somebody is last seen
_SEASON = (1.25, 1.0, 1.0, 0.95, 0.9, 0.9, 0.95, 0.95, 0.95, 1.0, 1.15, 1.25)  # of new people, by month
_YEARS = {1995: 0.001, 1996: 1.5, 1997: 0.8, 1998: 0.5, 1999: 1.1, 2000: 1.5, 2017: 1.6, 2018: 1.3, 2019: 1.2}
_MOST_SESSIONS = 64
_TAGGING_SHARE = 0.09
_TAGS_A_RATING = 10


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Users in the order of their ids, 1 and up, and their sessions, a burst of ratings each.

    n_ratings   int64 (n_users,)
    n_tags      int64 (n_users,): how many tags they apply
    first       int64 (n_users + 1,): where each user's sessions begin
    starts      int64 (n_sessions,): when a session begins, in seconds; rising for each user
    shares      float64 (n_sessions,): of the user's ratings; a user's sum to 1
    """

    n_ratings: NDArray[np.int64]
    n_tags: NDArray[np.int64]
    first: NDArray[np.int64]
    starts: NDArray[np.int64]
    shares: NDArray[np.float64]

    @classmethod
    def drawn(cls, shape: Shape, catalogue: Catalogue, seed: int) -> "People":
        random = generator(seed, Stage.PEOPLE)
        wanted = random.lognormal(0.0, _SPREAD, shape.n_users)
        n_sessions = 1 + random.poisson(random.gamma(0.4, 1.2, shape.n_users) * (1 + wanted.clip(0, 20)))
        n_sessions = np.minimum(n_sessions, _MOST_SESSIONS)
        owners = np.repeat(np.arange(shape.n_users), n_sessions)
        first = np.concatenate([[0], np.cumsum(n_sessions)])
        joined = _joined(random, shape.n_users)
        later = random.beta(0.6, 2.0, len(owners))
        later[first[:-1]] = 0
        starts = (joined[owners] + later * (END - joined[owners])).astype(np.int64)
        starts = starts[np.lexsort((starts, owners))]
        shares = random.exponential(1.0, len(owners))
        shares[first[:-1]] += 2
        shares /= np.add.reduceat(shares, first[:-1])[owners]
        out = np.searchsorted(
            np.sort(catalogue.years[catalogue.popularity > 0]), years_of(starts[first[1:] - 1]), side="right"
        )
        n_ratings = _shared_out(
            random, shape.n_ratings, wanted, FEWEST_RATINGS_A_USER, (out * _LARGEST_SHARE).astype(np.int64)
        )
        return cls(n_ratings, _n_tags(random, shape.n_tag_applications, n_ratings), first, starts, shares)


def years_of(times: NDArray[np.int64]) -> NDArray[np.int64]:
    years: NDArray[np.int64] = times.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    return years


def _joined(random: np.random.Generator, n_users: int) -> NDArray[np.int64]:
    """When each comes first: more or less as many each year, more of them in winter."""
    months = np.arange(np.datetime64(f"{FIRST_YEAR}-01"), np.datetime64(f"{LAST_YEAR}-12"))
    chances = np.array([_YEARS.get(FIRST_YEAR + num // 12, 1.0) * _SEASON[num % 12] for num in range(len(months))])
    drawn = random.choice(len(months), size=n_users, p=chances / chances.sum())
    begins = months.astype("datetime64[s]").astype(np.int64)
    ends = (months + 1).astype("datetime64[s]").astype(np.int64)
    begins, ends = np.maximum(begins, BEGINNING), np.minimum(ends, END)
    lasting = 0.98 * (ends - begins)[drawn]
    joined: NDArray[np.int64] = begins[drawn] + (random.random(n_users) * lasting).astype(np.int64)
    joined[0] = BEGINNING
    return joined


def _shared_out(
    random: np.random.Generator, total: int, wanted: NDArray[np.float64], fewest: int, most: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Whole numbers that sum to ``total``, in proportion to ``wanted`` above ``fewest``, none above ``most``."""
    above = wanted * ((total - fewest * len(wanted)) / wanted.sum())
    found: NDArray[np.int64] = np.minimum(fewest + above.astype(np.int64), np.maximum(most, fewest))
    while missing := total - int(found.sum()):
        free = np.flatnonzero(found < most)
        chances = wanted[free] / wanted[free].sum()
        more = np.bincount(random.choice(free, size=missing, p=chances), minlength=len(found))
        found = np.minimum(found + more, np.maximum(most, fewest))
    return found


def _n_tags(random: np.random.Generator, total: int, n_ratings: NDArray[np.int64]) -> NDArray[np.int64]:
    """Tags applied: by one in eleven users, most by few; nobody applies more than ten times the ratings given."""
    wanted = random.lognormal(0.0, 1.9, len(n_ratings))
    wanted[random.random(len(n_ratings)) > _TAGGING_SHARE] *= 1e-6  # unless those who do have no room
    return _shared_out(random, total, wanted, 0, _TAGS_A_RATING * n_ratings)
