"""Seeded hashes of ids: random-looking choices that depend on the ids alone, not on the rest of the data."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["hash_uniform", "hashed_sample"]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195); wraps at 2**64."""
    values = values + _GOLDEN
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    return values ^ (values >> np.uint64(31))


def hash_uniform(seed: int, purpose: str, *ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """A number in [0, 1) for each row of the parallel arrays ``ids``, of shape (n,).

    It depends on ``seed``, ``purpose`` and that row's ids only. Different purposes give independent numbers.
    """
    state = np.full(1, seed & 0xFFFFFFFFFFFFFFFF, dtype=np.uint64)
    for byte in purpose.encode():
        state = _mix(state ^ np.uint64(byte))
    for column in ids:
        state = _mix(state ^ _mix(np.asarray(column, dtype=np.int64).view(np.uint64)))
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def hashed_sample(seed: int, purpose: str, ids: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Places of at most ``n`` of the ``ids``, ascending: those with the smallest :func:`hash_uniform`."""
    return np.sort(np.argsort(hash_uniform(seed, purpose, ids), kind="stable")[:n])
