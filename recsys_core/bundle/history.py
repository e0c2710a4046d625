"""What one person has rated, as the model takes it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.numbering import positions_in
from recsys_core.histories import Histories
from recsys_core.hybrid import HybridModel

__all__ = ["history_of"]


def history_of(
    model: HybridModel, ratings: Mapping[int, float], *, before: Histories | None = None, now: int = 0
) -> Histories:
    """One person's ratings by movie id, on top of those ``before``; ids outside the catalogue do not count.

    A count or an event of 0 takes back what came before.

    now  when ``ratings`` were given, in seconds since 1970; where nothing came before it does not matter
    """
    ids = np.fromiter(ratings, dtype=np.int64, count=len(ratings))
    values = np.fromiter(ratings.values(), dtype=np.float32, count=len(ratings))
    warm, cold = _placed(model.item_ids, ids, values), _placed(model.cold_item_ids, ids, values)
    given: dict[int, int] | None = None
    if before is not None and before.times is not None:
        earlier = before.ratings
        given = dict(zip(earlier.indices.tolist(), before.times.tolist(), strict=True))
        given.update(dict.fromkeys(warm, now))
        warm = {**dict(zip(earlier.indices.tolist(), earlier.data.tolist(), strict=True)), **warm}
    warm, cold = (
        {num: value for num, value in ratings.items() if not model.feedback.takes_back(value)}
        for ratings in (warm, cold)
    )
    times = None if given is None else np.asarray([given[num] for num in sorted(warm)], dtype=np.int64)
    return Histories(_row(warm, model.n_items), times, _row(cold, len(model.cold_item_ids)))


def _placed(item_ids: NDArray[np.int64], ids: NDArray[np.int64], values: NDArray[np.float32]) -> dict[int, float]:
    places = positions_in(item_ids, ids)
    found = places >= 0
    return dict(zip(places[found].tolist(), values[found].tolist(), strict=True))


def _row(ratings: Mapping[int, float], width: int) -> csr_matrix:
    nums = sorted(ratings)
    values = np.asarray([ratings[num] for num in nums], dtype=np.float32)
    return csr_matrix((values, np.asarray(nums, dtype=np.int32), np.array([0, len(nums)])), shape=(1, width))
