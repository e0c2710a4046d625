"""Which movies people rate: drawn by popularity at the time, then chosen by taste, none twice.

Candidates come with replacement from the popularity of the session's year. The best of them stay, by affinity plus
Gumbel noise: of all candidates that is a draw without replacement with chances ∝ exp(affinity) (Kool, van Hoof &
Welling 2019, arXiv:1903.06059).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_core.synthesis.catalogue import FIRST_YEAR, Catalogue
from recsys_core.synthesis.drawing import FACTOR_WEIGHTS, FACTORS, Stage, generator, gumbel
from recsys_core.synthesis.people import People, years_of
from recsys_core.synthesis.shape import Shape

__all__ = ["Chosen", "FirstRatings", "choose"]

_CANDIDATES = 4  # a rating
_SPARE = 20  # candidates more a user
_WHOLE_SHARE = 12  # who rates more than the twelfth part of the movies chooses from all of them
_TASTE = 1.2  # how much affinity counts for the choice
_DRIFT = 0.08  # of tastes in a year, as a share of their spread
_KEY_BITS, _PLACE_BITS = 24, 28


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """Ratings of a block of users, by user and movie; arrays of shape (n_ratings_of_block,).

    users     number within the block
    items     number in the catalogue
    sessions  number among all sessions
    affinity  float32, variance 1 over all pairs of a person and a movie
    """

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    sessions: NDArray[np.int64]
    affinity: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class FirstRatings:
    """One rating for each movie that has any, so that none of the long tail goes without: by session."""

    sessions: NDArray[np.int64]
    items: NDArray[np.int64]

    @classmethod
    def drawn(cls, shape: Shape, catalogue: Catalogue, people: People, seed: int) -> "FirstRatings":
        random = generator(seed, Stage.FIRST_RATINGS)
        rated = np.flatnonzero(catalogue.popularity > 0)
        owners = np.repeat(np.arange(shape.n_users), np.diff(people.first))
        in_time = np.argsort(people.starts, kind="stable")
        sizes = np.concatenate([[0.0], np.cumsum((people.shares * people.n_ratings[owners])[in_time])])
        out = np.searchsorted(years_of(people.starts[in_time]), catalogue.years[rated])
        places = sizes[out] + random.random(len(rated)) * (sizes[-1] - sizes[out])
        found = np.searchsorted(sizes, places, side="right") - 1
        kept = found < len(in_time)  # nobody comes any more after the release
        sessions = in_time[found[kept]]
        order = np.argsort(sessions, kind="stable")
        return cls(sessions[order], rated[kept][order])


def choose(
    catalogue: Catalogue, people: People, first_ratings: FirstRatings, users: range, random: np.random.Generator
) -> Chosen:
    """The movies that ``users`` rate."""
    n_items = len(catalogue.ids)
    wanted = people.n_ratings[users.start : users.stop]
    first = people.first[users.start : users.stop + 1]
    starts = people.starts[first[0] : first[-1]]
    owners = np.repeat(np.arange(len(users)), np.diff(first))  # of the block's sessions
    tastes = _tastes(random, owners, starts, first - first[0])
    told = slice(*np.searchsorted(first_ratings.sessions, [first[0], first[-1]]))
    told_sessions, told_items = first_ratings.sessions[told] - first[0], first_ratings.items[told]
    year_nums = years_of(starts) - FIRST_YEAR
    months = starts.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    ends = owners + _cumulative_shares(people.shares[first[0] : first[-1]], owners)
    whole = wanted * _WHOLE_SHARE > n_items
    while True:
        amounts = np.where(whole, 0, _CANDIDATES * wanted + _SPARE)
        candidates = np.repeat(np.arange(len(users)), amounts)
        sessions = np.searchsorted(ends, candidates + random.random(len(candidates)), side="right")
        drawn = np.searchsorted(catalogue.cumulative, year_nums[sessions] + random.random(len(sessions)), side="right")
        items = np.minimum(drawn - year_nums[sessions] * n_items, n_items - 1)
        parts = [(sessions, items), (told_sessions, told_items)]
        parts += [_whole(catalogue, user, ends, year_nums, first - first[0], random) for user in np.flatnonzero(whole)]
        sessions, items = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        codes = np.sort((owners[sessions] * n_items + items) * len(owners) + sessions)
        pairs, sessions = np.divmod(codes, len(owners))
        last = np.flatnonzero(np.append(pairs[1:] != pairs[:-1], True))  # a movie rated again has the later rating
        times_drawn = np.diff(last, prepend=-1)
        pairs, sessions = pairs[last], sessions[last]
        candidates, items = np.divmod(pairs, n_items)
        short = np.bincount(candidates, minlength=len(users)) < wanted
        if not (short & ~whole).any():
            break
        whole |= short
    affinity = np.einsum("nk,nk->n", tastes[sessions], catalogue.factors[items])
    keys = _TASTE * affinity + catalogue.in_season[months[sessions], items]
    keys += gumbel(random, keys.shape) + np.log(times_drawn.astype(np.float32))
    for user in np.flatnonzero(whole):
        own = slice(*np.searchsorted(candidates, [user, user + 1]))
        chances = catalogue.chance(int(year_nums[first[user + 1] - first[0] - 1]))
        keys[own] += np.log(chances[items[own]] + 1e-12)
    keys[np.searchsorted(pairs, owners[told_sessions] * n_items + told_items)] = np.inf
    kept = _best(candidates, keys, wanted)
    return Chosen(candidates[kept], items[kept], sessions[kept] + first[0], affinity[kept])


def _tastes(
    random: np.random.Generator, owners: NDArray[np.int64], starts: NDArray[np.int64], first: NDArray[np.int64]
) -> NDArray[np.float32]:
    """What each session's person likes then, weighted: float32 (n_sessions, FACTORS)."""
    shape = (len(first) - 1, FACTORS)
    begun = random.standard_normal(shape, dtype=np.float32)
    turning = random.standard_normal(shape, dtype=np.float32)
    angle = (starts - starts[first[:-1]][owners]) * np.float32(_DRIFT / (365.25 * 24 * 3600))
    angle = np.minimum(angle, np.pi / 2).astype(np.float32)[:, None]
    tastes: NDArray[np.float32] = FACTOR_WEIGHTS * (np.cos(angle) * begun[owners] + np.sin(angle) * turning[owners])
    return tastes


def _cumulative_shares(shares: NDArray[np.float64], owners: NDArray[np.int64]) -> NDArray[np.float64]:
    """Within each owner, from just above 0 to 1."""
    sums = np.cumsum(shares)
    before = np.concatenate([[0.0], sums])[np.searchsorted(owners, owners)]
    cumulative = sums - before
    cumulative[np.append(owners[1:] != owners[:-1], True)] = 1.0
    return cumulative


def _whole(
    catalogue: Catalogue,
    user: int,
    ends: NDArray[np.float64],
    year_nums: NDArray[np.int64],
    first: NDArray[np.int64],
    random: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All movies that are out when ``user`` is last seen, each in a session after its release."""
    latest = int(first[user + 1]) - 1
    items = np.flatnonzero((catalogue.popularity > 0) & (catalogue.years <= year_nums[latest] + FIRST_YEAR))
    sessions = np.searchsorted(ends, user + random.random(len(items)), side="right")
    early = year_nums[sessions] + FIRST_YEAR < catalogue.years[items]
    return np.where(early, latest, sessions), items


def _best(
    candidates: NDArray[np.int64], keys: NDArray[np.float32], wanted: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Places of the ``wanted`` largest keys of each candidate's user, rising; ``candidates`` rise."""
    finest = (1 << _KEY_BITS) - 1
    ranks = np.clip((32.0 - keys) * (finest / 64.0), 0, finest).astype(np.int64)  # 0 for the largest
    packed = (candidates << (_KEY_BITS + _PLACE_BITS)) | (ranks << _PLACE_BITS) | np.arange(len(keys))
    packed.sort()
    begins = np.searchsorted(candidates, np.arange(len(wanted)))
    kept = np.arange(len(keys)) - begins[candidates] < wanted[candidates]
    return np.sort(packed[kept] & ((1 << _PLACE_BITS) - 1))
