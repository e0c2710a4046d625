"""What the three scripts share: the stages' seconds, and NDCG. NumPy alone, for each has an environment of its own."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

CUT = 0.9  # of the ratings, in time, are learnt from
LIKED = 4.0  # of the others, from here on
FACTORS, ITERATIONS, REGULARIZATION = 64, 15, 20.0
K = 20


class Stages:
    """Seconds of each stage, one after the other."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started

    def tell(self, ndcg: float) -> None:
        """Print the report: all seconds, and NDCG."""
        json.dump({"seconds": self.seconds, "ndcg": ndcg}, sys.stdout)


def split_in_time(ratings: Any) -> tuple[Any, Any]:
    """A frame of ratings up to the cut, and those behind it."""
    past = ratings.timestamp <= ratings.timestamp.quantile(CUT)
    return ratings[past], ratings[~past]


def ndcg_of_known(lists: Any, later: Any, user_ids: Any, item_ids: Any) -> float:
    """:func:`ndcg` on what was liked ``later``; ``lists`` hold numbers among the sorted ids of training."""
    liked = later[(later.rating >= LIKED) & later.userId.isin(user_ids) & later.movieId.isin(item_ids)]
    return ndcg(lists, np.searchsorted(user_ids, liked.userId), np.searchsorted(item_ids, liked.movieId))


def confidence(ratings: Any) -> Any:
    """1 + 5·(share of the best rating)³, and 0, as not observed, below the scale's middle."""
    return np.where(ratings < 3.0, 0.0, 1.0 + 5.0 * (ratings / 5.0) ** 3).astype(np.float32)


def ndcg(lists: Any, users: Any, items: Any) -> float:
    """Mean NDCG@K of the users among the targets (``users``, ``items``), numbers; the ideal has all targets first.

    ``lists`` (n_users, K) hold -1 for none.
    """
    n_items = int(max(lists.max(), items.max())) + 1
    keys = np.unique(users.astype(np.int64) * n_items + items)
    asked, n_targets = np.unique(keys // n_items, return_counts=True)
    wanted = np.where(lists[asked] >= 0, asked[:, None] * n_items + lists[asked], -1)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    discounts = 1 / np.log2(np.arange(2, K + 2))
    gains = ((keys[places] == wanted) * discounts).sum(axis=1)
    return float((gains / np.cumsum(discounts)[np.minimum(n_targets, K) - 1]).mean())
