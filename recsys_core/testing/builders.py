"""Small data sets with a known answer, and large ones in a real shape."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import UserItemMatrix, build_user_items
from recsys_core.errors import ParameterError
from recsys_core.features import ItemFeatures
from recsys_core.features.weighting import normalise_rows

__all__ = ["checkerboard", "heavy_raters", "planted_features", "planted_interactions"]

_FIRST_SECOND = 1_000_000_000
_BLOCK = 4_000_000


def checkerboard(n: int) -> csr_matrix:
    """User u rated item i with 5 where u + i is even, except u = i: the withheld diagonal must come first.

    CSR float32 of shape (n, n), after the known-answer data of ``implicit``'s tests.
    """
    nums = np.arange(n)
    rated = (nums[:, None] + nums[None, :]) % 2 == 0
    np.fill_diagonal(rated, False)
    return csr_matrix(rated.astype(np.float32) * 5)


def planted_interactions(
    n_users: int, n_items: int, n_ratings: int, *, n_tastes: int = 4, seed: int = 0
) -> UserItemMatrix:
    """Ratings with a structure to be found: every user has a taste, every item a kind (its number modulo n_tastes).

    Users mostly rate items of their own taste, and rate them higher; few items have most of the ratings (Zipf).
    Ids are not the row numbers: user ids are 10, 20, ..., item ids 3, 6, .... Repeated pairs are dropped, so there
    are at most ``n_ratings`` ratings; items and users without one are not in the vocabularies. Values are on the
    MovieLens scale; a user's timestamps rise by a minute. Draws are vectorised: millions of ratings take seconds.
    """
    if min(n_users, n_items, n_ratings, n_tastes) < 1:
        raise ParameterError("n_users, n_items, n_ratings and n_tastes: expected at least 1 each")
    rng = np.random.default_rng(seed)
    user_nums = np.sort(rng.integers(0, n_users, n_ratings))
    item_nums = _zipf(rng, n_items, n_ratings)
    own_kind = rng.random(n_ratings) < 0.8
    moved = item_nums - item_nums % n_tastes + user_nums % n_tastes
    item_nums = np.where(own_kind & (moved < n_items), moved, item_nums)
    matches = user_nums % n_tastes == item_nums % n_tastes
    values = np.array(MOVIELENS.feedback.values)
    stars = values[np.clip(rng.binomial(9, np.where(matches, 0.8, 0.45)), 0, len(values) - 1)]
    _, first = np.unique(user_nums * n_items + item_nums, return_index=True)
    return build_user_items(
        (user_nums[first] + 1) * 10,
        (item_nums[first] + 1) * 3,
        stars[first],
        _FIRST_SECOND + 60 * np.arange(len(first), dtype=np.int64),
    )


def heavy_raters(n_users: int, n_items: int, *, mean_length: float = 160.0, seed: int = 0) -> UserItemMatrix:
    """Interactions of a few people who rate everything, and of many who rate what they like.

    6,040 users and 3,706 items have MovieLens 1M's shape: lengths are log-normal, from 20 up, with the few longest a
    third of the catalogue and more. A user likes many small groups of items; how much, falls with the length. So what
    is learnt from heavy users says little about others: EASE gains by weighing them down, and it and ALS find
    different things. Every value is the best rating, timestamps mean nothing.
    """
    rng = np.random.default_rng(seed)
    lengths = np.exp(rng.normal(np.log(mean_length) - 0.52, 1.02, n_users))
    lengths = np.clip(lengths, min(20, n_items // 4), 0.6 * n_items).astype(np.int64)
    n_groups = max(8, round(0.27 * n_items))
    groups = rng.normal(size=(n_items, n_groups)).astype(np.float32)
    groups *= rng.random(groups.shape) < 10 / n_groups
    groups *= np.arange(1, n_groups + 1, dtype=np.float32) ** -0.2
    appeal = 1.6 * rng.normal(size=n_items)
    columns = []
    for rows in np.array_split(np.arange(n_users), max(1, n_users * n_items // _BLOCK)):
        liked = rng.normal(size=(len(rows), n_groups)).astype(np.float32) @ groups.T
        force = 3.2 * np.minimum((lengths[rows] / 96.0) ** -0.3, 2.0)
        noise = rng.gumbel(size=liked.shape)
        order = np.argsort(-(appeal + force[:, None] * liked / liked.std() + noise), axis=1)
        columns += [order[place, :length] for place, length in enumerate(lengths[rows])]
    user_ids = np.repeat(np.arange(1, n_users + 1), lengths)
    values = np.full(len(user_ids), MOVIELENS.feedback.maximum)
    return build_user_items(user_ids, np.concatenate(columns) + 1, values, np.zeros(len(user_ids), dtype=np.int64))


def planted_features(item_ids: NDArray[np.int64], *, n_tastes: int = 4, seed: int = 0) -> ItemFeatures:
    """Features of items of :func:`planted_interactions`: "genre" tells an item's kind, "tags" is noise."""
    rng = np.random.default_rng(seed)
    kinds = (item_ids // 3 - 1) % n_tastes
    genre = csr_matrix(np.eye(n_tastes, dtype=np.float32)[kinds])
    tags = normalise_rows(csr_matrix(rng.random((len(item_ids), 8)) * (rng.random((len(item_ids), 8)) < 0.3)))
    return ItemFeatures(
        item_ids,
        {"genre": genre, "tags": tags},
        {"genre": [f"kind {num}" for num in range(n_tastes)], "tags": [f"noise {num}" for num in range(8)]},
    )


def _zipf(rng: np.random.Generator, n_items: int, n_draws: int) -> NDArray[np.int64]:
    """Item numbers, number r with probability proportional to 1 / (r + 10)."""
    cumulative = np.cumsum(1.0 / (np.arange(n_items) + 10.0))
    drawn = np.searchsorted(cumulative, rng.random(n_draws) * cumulative[-1], side="right")
    return np.asarray(drawn, dtype=np.int64)
