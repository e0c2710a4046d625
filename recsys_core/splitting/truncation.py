"""Held-out users as if they were newer than they are: only their first ratings known."""

from typing import Literal

import numpy as np
from scipy.sparse import csr_matrix

from recsys_core.dataset.interactions import HeldOut, UserItemMatrix
from recsys_core.errors import ParameterError
from recsys_core.splitting.time_order import earliest

__all__ = ["held_out_rows", "truncated_histories"]


def truncated_histories(
    part: HeldOut,
    n: int,
    *,
    order: Literal["time"] = "time",
    positive_threshold: float = 4.0,
    rest: Literal["targets", "dropped"] = "targets",
) -> HeldOut:
    """The same users with only the first ``n`` of their known ratings.

    The first are those of :func:`recsys_core.splitting.time_order.earliest`.

    ``rest="targets"`` makes positives among the later known ratings targets too: for somebody who has just come, all
    that they will like is still to be found. Right only where the users gave nothing to training (``user_holdout``);
    otherwise training has seen those targets. ``rest="dropped"`` forgets them; they can then be recommended again
    without counting as found.
    """
    if n < 0:
        raise ParameterError(f"n is {n}, expected the number of known ratings to keep, 0 or more")
    if order != "time":
        raise ParameterError(f"order is {order!r}, expected 'time'")
    history = part.history
    first = earliest(history, np.full(history.n_users, n, dtype=np.int64))
    targets = part.targets
    if rest == "targets":
        later = history.select(~first & (history.ratings.data >= positive_threshold)).ratings
        targets = csr_matrix(targets + later)
        targets.sort_indices()
    return HeldOut(history.select(first), targets, part.cold_targets, part.cold_item_ids)


def held_out_rows(part: HeldOut, user_nums: np.ndarray) -> HeldOut:
    """The part with only the users ``user_nums`` (row numbers, sorted ascending)."""
    history: UserItemMatrix = part.history.rows(user_nums)
    return HeldOut(history, part.targets[user_nums], part.cold_targets[user_nums], part.cold_item_ids)
