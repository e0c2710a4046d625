"""The order in which people rated."""

import numpy as np
from numpy.typing import NDArray

from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.splitting.hashing import hash_uniform

__all__ = ["earliest"]

_DAY = 86_400


def earliest(rows: UserItemMatrix, n_ratings: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which ratings (nnz,) are among the first ``n_ratings`` (n_users,) of their user.

    Of one second the item with the smaller number comes first. Where a time is a whole day, or none (0), a hash of user
    and item decides: numbers of items tell their age and fame, and nobody begins with the most famous of all by rule.
    """
    user_nums, items = rows.user_nums(), rows.ratings.indices
    ties, days = items.astype(np.float64), rows.timestamps % _DAY == 0  # compared where times are equal alone
    ties[days] = hash_uniform(0, "order of a day", rows.user_ids[user_nums[days]], rows.item_ids[items[days]])
    order = np.lexsort((ties, rows.timestamps, user_nums))
    rank = np.arange(rows.n_ratings) - rows.ratings.indptr[user_nums]
    found = np.zeros(rows.n_ratings, dtype=bool)
    found[order] = rank < n_ratings[user_nums]
    return found
