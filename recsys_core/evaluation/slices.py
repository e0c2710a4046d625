"""Which users and which targets a slice looks at.

By history length, ``history_LOW_HIGH``
    Where the part's users gave nothing to training (``user_holdout``), histories are *shortened*: the slice takes
    every user with at least LOW known ratings and shows the model only the first HIGH of them by time; positives
    among the later ones are targets too, as they would be for somebody who has just come. So ``history_1_5`` is
    what a user meets at their fifth rating, measured on people of every kind, though MovieLens publishes nobody with
    fewer than 20. ``history_0`` shows nothing, ``history_101_plus`` everything of those with more than 100.
    A user may stand in several slices, and slices have different numbers of targets: compare models within a slice.

    Where training knows the users (``temporal``, published splits) a shortened history would hide from the model
    what it was trained on. Users are *observed* then: each stands in the one slice of their known-history length.

By item popularity, ``items_head``, ``items_mid``, ``items_tail``
    The same full rankings judged only on the targets in one group, over users with such a target. Items in order
    of their training ratings: the head holds the first third of all training ratings, mid the next, tail the rest.

Cold items, ``items_cold``
    Targets that training has never seen, ranked among all such items, for models that can score them.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.interactions import HeldOut, UserItemMatrix
from recsys_core.splitting.hashing import hashed_sample
from recsys_core.splitting.truncation import held_out_rows, truncated_histories

__all__ = [
    "HISTORY_SLICES",
    "ITEM_SLICES",
    "HistorySlice",
    "HistoryView",
    "history_slice",
    "history_view",
    "popularity_groups",
    "sample_users",
    "targets_in",
]

HistoryView = Literal["shortened", "observed"]


@dataclass(frozen=True, slots=True)
class HistorySlice:
    """Users by the number of their known ratings; ``high`` None is unbounded."""

    name: str
    low: int
    high: int | None


HISTORY_SLICES = (
    HistorySlice("history_0", 0, 0),
    HistorySlice("history_1_5", 1, 5),
    HistorySlice("history_6_20", 6, 20),
    HistorySlice("history_21_100", 21, 100),
    HistorySlice("history_101_plus", 101, None),
)
ITEM_SLICES = ("items_head", "items_mid", "items_tail")


def history_view(part: HeldOut, train: UserItemMatrix) -> HistoryView:
    """ "shortened" where no user of the part is in training, otherwise "observed"."""
    return "observed" if np.isin(part.user_ids, train.user_ids).any() else "shortened"


def history_slice(
    part: HeldOut,
    wanted: HistorySlice,
    view: HistoryView,
    *,
    positive_threshold: float | None,
    max_users: int | None,
    seed: int,
) -> HeldOut:
    """The part as the slice ``wanted`` sees it; possibly without any user."""
    lengths = np.diff(part.history.ratings.indptr)
    chosen = lengths >= wanted.low
    if view == "observed" and wanted.high is not None:
        chosen &= lengths <= wanted.high
    users = sample_users(held_out_rows(part, np.flatnonzero(chosen)), max_users, seed)
    if view == "observed" or wanted.high is None:
        return users
    threshold = -np.inf if positive_threshold is None else positive_threshold
    return truncated_histories(users, wanted.high, positive_threshold=threshold)


def sample_users(part: HeldOut, max_users: int | None, seed: int) -> HeldOut:
    """At most ``max_users`` users: those with the smallest seeded hash of their id."""
    if max_users is None or len(part.user_ids) <= max_users:
        return part
    return held_out_rows(part, hashed_sample(seed, "evaluate", part.user_ids, max_users))


def popularity_groups(train: UserItemMatrix, cuts: tuple[float, float]) -> NDArray[np.int8]:
    """0 head, 1 mid, 2 tail for each training item (n_items,), by the share of ratings that more popular items hold."""
    counts = np.bincount(train.ratings.indices, minlength=train.n_items)
    order = np.argsort(-counts, kind="stable")
    before = (np.cumsum(counts[order]) - counts[order]) / max(train.n_ratings, 1)
    groups = np.empty(train.n_items, dtype=np.int8)
    groups[order] = np.searchsorted(np.asarray(cuts), before, side="right")
    return groups


def targets_in(targets: csr_matrix, item_mask: NDArray[np.bool_]) -> csr_matrix:
    """The targets on items where ``item_mask`` (n_items,) holds; same shape."""
    kept = item_mask[targets.indices]
    rows = np.repeat(np.arange(targets.shape[0]), np.diff(targets.indptr))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=targets.shape[0]))])
    return csr_matrix((targets.data[kept], targets.indices[kept], indptr), shape=targets.shape)
