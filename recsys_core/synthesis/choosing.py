"""Which movies people rate: drawn by popularity at the time, then chosen by taste, none twice.

Candidates come with replacement from the popularity of the session's year. The best of them stay, by affinity plus
Gumbel noise: of all candidates that is a draw without replacement with chances ∝ exp(affinity) (Kool, van Hoof &
Welling 2019, arXiv:1903.06059).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_core.synthesis.catalogue import FIRST_YEAR, Catalogue, chances_in
from recsys_core.synthesis.drawing import FACTOR_WEIGHTS, FACTORS, Stage, generator, gumbel
from recsys_core.synthesis.people import People, years_of
from recsys_core.synthesis.shape import Shape

__all__ = ["Chosen", "FirstRatings", "choose"]

_CANDIDATES = 4  # a rating, and more where somebody rates a larger share of the movies
_MORE_CANDIDATES = 250
_SPARE = 20  # candidates more a user
_TASTE = 1.2  # how much affinity counts for the choice
_DRIFT = 0.08  # of tastes in a year: the angle by which they turn
_SECONDS_A_YEAR = 365.25 * 24 * 3600
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


@dataclass(frozen=True, slots=True, eq=False)
class _Sessions:
    """The sessions of a block of users.

    first   int64 (n_users + 1,): where each user's begin, within the block
    owners  int64 (n_sessions,): whose they are, within the block
    starts  int64 (n_sessions,): in seconds
    years   int64 (n_sessions,)
    ends    float64 (n_sessions,): the user's number plus the cumulative shares of ratings
    """

    first: NDArray[np.int64]
    owners: NDArray[np.int64]
    starts: NDArray[np.int64]
    years: NDArray[np.int64]
    ends: NDArray[np.float64]

    @classmethod
    def of(cls, people: People, users: range) -> "_Sessions":
        first = people.first[users.start : users.stop + 1]
        block = slice(first[0], first[-1])
        owners = np.repeat(np.arange(len(users)), np.diff(first))
        sums = np.concatenate([[0.0], np.cumsum(people.shares[block])])
        first = first - first[0]
        ends = owners + (sums[1:] - sums[first[owners]])
        ends[first[1:] - 1] = np.arange(1, len(users) + 1)
        starts = people.starts[block]
        return cls(first, owners, starts, years_of(starts), ends)

    def drawn(self, random: np.random.Generator, users: NDArray[np.int64]) -> NDArray[np.int64]:
        """One for each of ``users``, by their shares."""
        found = np.searchsorted(self.ends, users + random.random(len(users)), side="right")
        return np.minimum(found, self.first[users + 1] - 1)  # a sum may be rounded up

    def months(self) -> NDArray[np.int64]:
        months: NDArray[np.int64] = self.starts.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12
        return months + 1


def choose(
    catalogue: Catalogue, people: People, first_ratings: FirstRatings, users: range, random: np.random.Generator
) -> Chosen:
    """The movies that ``users`` rate."""
    wanted = people.n_ratings[users.start : users.stop]
    begin, end = int(people.first[users.start]), int(people.first[users.stop])
    block = _Sessions.of(people, users)
    tastes = _tastes(random, block)
    told = slice(*np.searchsorted(first_ratings.sessions, [begin, end]))
    told_sessions, told_items = first_ratings.sessions[told] - begin, first_ratings.items[told]
    n_items = len(catalogue.ids)
    item_bits, session_bits = n_items.bit_length(), len(block.owners).bit_length()
    amounts = _CANDIDATES * wanted + _MORE_CANDIDATES * wanted**2 // n_items + _SPARE
    whole = amounts > n_items  # who chooses from all movies
    while True:
        amounts[whole] = 0
        sessions = block.drawn(random, np.repeat(np.arange(len(users)), amounts))
        parts = [(sessions, catalogue.by_year.draw(random, block.years[sessions] - FIRST_YEAR))]
        parts += [(told_sessions, told_items)]
        parts += [_whole(catalogue, block, user, random) for user in np.flatnonzero(whole).tolist()]
        sessions, items = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        codes = np.sort((((block.owners[sessions] << item_bits) | items) << session_bits) | sessions)
        pairs = codes >> session_bits
        last = np.flatnonzero(np.append(pairs[1:] != pairs[:-1], True))  # a movie rated again has the later rating
        pairs, sessions = pairs[last], codes[last] & ((1 << session_bits) - 1)
        owners, items = pairs >> item_bits, pairs & ((1 << item_bits) - 1)
        short = np.bincount(owners, minlength=len(users)) < wanted
        if not (short & ~whole).any():
            break
        whole |= short
    affinity = np.einsum("nk,nk->n", tastes[sessions], catalogue.factors[items])
    keys = _TASTE * affinity + catalogue.in_season[block.months()[sessions], items]
    keys += gumbel(random, keys.shape) + np.log(np.diff(last, prepend=-1).astype(np.float32))
    for user in np.flatnonzero(whole):
        own = slice(*np.searchsorted(owners, [user, user + 1]))
        latest = int(block.years[block.first[user + 1] - 1])
        keys[own] += np.log(chances_in(latest, catalogue.popularity[items[own]], catalogue.years[items[own]]))
    keys[np.searchsorted(pairs, (block.owners[told_sessions] << item_bits) | told_items)] = np.inf
    kept = _best(owners, keys, wanted)
    return Chosen(owners[kept], items[kept], sessions[kept] + begin, affinity[kept])


def _tastes(random: np.random.Generator, block: _Sessions) -> NDArray[np.float32]:
    """What each session's person likes then, weighted: float32 (n_sessions, FACTORS)."""
    shape = (len(block.first) - 1, FACTORS)
    begun = random.standard_normal(shape, dtype=np.float32)[block.owners]
    turning = random.standard_normal(shape, dtype=np.float32)[block.owners]
    angle = (block.starts - block.starts[block.first[:-1]][block.owners]) * np.float32(_DRIFT / _SECONDS_A_YEAR)
    angle = np.minimum(angle, np.pi / 2).astype(np.float32)[:, None]
    tastes: NDArray[np.float32] = FACTOR_WEIGHTS * (np.cos(angle) * begun + np.sin(angle) * turning)
    return tastes


def _whole(
    catalogue: Catalogue, block: _Sessions, user: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All movies that are out when ``user`` is last seen, each in a session after its release."""
    latest = int(block.first[user + 1]) - 1
    items = np.flatnonzero((catalogue.popularity > 0) & (catalogue.years <= block.years[latest]))
    sessions = block.drawn(random, np.full(len(items), user))
    return np.where(block.years[sessions] < catalogue.years[items], latest, sessions), items


def _best(owners: NDArray[np.int64], keys: NDArray[np.float32], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of the ``wanted`` largest keys of each owner, rising; ``owners`` rise."""
    finest = (1 << _KEY_BITS) - 1
    ranks = np.clip((32.0 - keys) * (finest / 64.0), 0, finest).astype(np.int64)  # 0 for the largest
    packed = (owners << (_KEY_BITS + _PLACE_BITS)) | (ranks << _PLACE_BITS) | np.arange(len(keys))
    packed.sort()
    begins = np.searchsorted(owners, np.arange(len(wanted)))
    kept = np.arange(len(keys)) - begins[owners] < wanted[owners]
    return np.sort(packed[kept] & ((1 << _PLACE_BITS) - 1))
