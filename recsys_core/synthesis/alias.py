"""Draws from several long tables of chances, each in constant time: the alias method.

Walker 1977, doi:10.1145/355744.355749; made at once from sums, as in Hübschle-Schneider & Sanders 2022,
doi:10.1145/3549934.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["AliasTables"]


@dataclass(frozen=True, slots=True, eq=False)
class AliasTables:
    """Tables over the same ``n`` outcomes, one after the other.

    kept   float32 (n_tables * n,): the chance that the outcome stays once its place has been drawn
    other  int32 (n_tables * n,): what comes instead
    """

    n: int
    kept: NDArray[np.float32]
    other: NDArray[np.int32]

    @classmethod
    def of(cls, chances: Sequence[NDArray[np.float64]]) -> Self:
        """From weights, 0 or more, not all 0."""
        tables = [_table(weights) for weights in chances]
        kept, other = zip(*tables, strict=True)
        return cls(len(chances[0]), np.concatenate(kept), np.concatenate(other))

    def draw(self, random: np.random.Generator, tables: NDArray[np.int64]) -> NDArray[np.int64]:
        """One outcome from each of ``tables``, given by number."""
        uniform = random.random(len(tables)) * self.n
        drawn = np.minimum(uniform.astype(np.int64), self.n - 1)  # a product may be rounded up
        uniform -= drawn
        places = tables * self.n + drawn
        return np.where(uniform < self.kept[places], drawn, self.other[places])


def _table(weights: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Each outcome has a place of size 1: what is small is filled up by what is large, in the order of both."""
    sizes = weights * (len(weights) / weights.sum())
    small, large = np.flatnonzero(sizes < 1), np.flatnonzero(sizes >= 1)
    lacking, spare = np.cumsum(1 - sizes[small]), np.cumsum(sizes[large] - 1)
    kept, other = sizes.copy(), np.arange(len(sizes))
    filled_by = np.searchsorted(spare, np.concatenate([[0.0], lacking[:-1]]), side="right")[: len(small)]
    other[small] = large[np.minimum(filled_by, len(large) - 1)]
    # A large one that has given more than it had to spare is filled up by the next.
    given = np.searchsorted(lacking, spare, side="right")
    emptied = np.flatnonzero(given[:-1] < len(small))
    kept[large] = 1
    kept[large[emptied]] = 1 + spare[emptied] - lacking[given[emptied]]
    other[large[emptied]] = large[emptied + 1]
    return kept.clip(0, 1).astype(np.float32), other.astype(np.int32)
