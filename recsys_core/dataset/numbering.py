"""Ids as row numbers: a vocabulary of what there is, and where in it an id stands."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["numbered", "positions_in"]


def numbered(ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Sorted unique ids, and for each entry its number among them."""
    if len(ids) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32)
    if ids.min() < 0 or ids.max() > 50 * len(ids) + 10_000_000:  # a look-up table would not pay
        return _numbered_anywhere(ids)
    present = np.bincount(ids) > 0
    unique = np.flatnonzero(present).astype(np.int64)
    look_up = np.cumsum(present, dtype=np.int32) - np.int32(1)
    return unique, look_up[ids]


def positions_in(vocabulary: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row numbers of ``ids`` in the sorted ``vocabulary``; -1 where an id is not in it."""
    if len(vocabulary) == 0:
        return np.full(len(ids), -1, dtype=np.int64)
    places = np.searchsorted(vocabulary, ids)
    places = np.minimum(places, len(vocabulary) - 1)
    return np.where(vocabulary[places] == ids, places, -1).astype(np.int64)


def _numbered_anywhere(ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The same of numbers that are anywhere; where one stands many times together, as people in most files, once."""
    changes = ids[1:] != ids[:-1]
    in_runs = 4 * np.count_nonzero(changes) < len(ids)
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1]) if in_runs else np.zeros(0, dtype=np.int64)
    encoded = pa.array(ids[starts] if in_runs else ids).dictionary_encode()  # several times faster than sorting
    found = encoded.dictionary.to_numpy()
    order = np.argsort(found)
    ranks = np.empty(len(order), dtype=np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    places = ranks[encoded.indices.to_numpy()]
    return found[order], np.repeat(places, np.diff(starts, append=len(ids))) if in_runs else places
