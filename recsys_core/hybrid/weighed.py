"""What the sources say of some people, and how often each counts: from it all scores are made."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_core.histories import Histories
from recsys_core.hybrid.parts import HybridParts
from recsys_core.sources.entries import Entries
from recsys_core.sources.source import Entry

__all__ = ["Said", "Weighed", "weighed"]

_MOST = 0.8  # where a source counts for more than this share of the users, all of them are asked


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What a source says of some people.

    users    their row numbers, ascending: int64 of shape (n_asked,)
    times    by what each person's raw scores are multiplied: float64 of shape (n_asked,)
    columns  of the scores, to which those of ``entry.raw`` are added; None: all, in their order
    """

    users: NDArray[np.int64]
    entry: Entry
    times: NDArray[np.float64]
    columns: NDArray[np.int64] | None


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """Terms of the scores of (n_users,) people.

    left      of the low-rank sources and the constants, float32 of shape (n_users, rank): to be multiplied by
              :attr:`HybridParts.item_sides`
    places    of each low-rank source its columns in ``left``
    added     what the other sources add, by name, where they count for anybody
    against   by what an aversion is multiplied: float64 of shape (n_users,)
    spreads   how far each source's scores spread for each user, 0 for those who were not asked about
    """

    left: NDArray[np.float32]
    places: dict[str, slice]
    added: dict[str, Said]
    against: NDArray[np.float64]
    spreads: dict[str, NDArray[np.float64]]


def weighed(model: HybridParts, histories: Histories, entries: Entries, n_liked: NDArray[np.int64]) -> Weighed:
    """The terms for people who count as having liked ``n_liked`` titles."""
    weights, n_users = model.weights, histories.n_users
    factors, against = weights.factors(n_liked, slight=False), weights.dislikes * weights.prior_share(n_liked)
    nothing = np.zeros(n_users)
    spreads: dict[str, NDArray[np.float64]] = {}
    left, places, rank = [], {}, 0
    constant = np.zeros((n_users, 1))
    added = {}
    for name, source in model.sources.items():
        factor = factors.get(name, nothing)
        asked = np.arange(n_users)
        if name not in model.low_rank:
            counting = np.flatnonzero(factor + (against if name in model.averse else 0))
            if len(counting) <= _MOST * len(asked):
                asked = counting
            if len(asked) == 0:
                continue
        entry = entries.of(source, histories, asked)
        spreads[name] = np.zeros(n_users)
        spreads[name][asked] = entry.moments.std
        times = factor[asked] * entry.moments.scale(model.steady(name))
        constant[asked, 0] -= times * entry.moments.mean
        if entry.left is None:
            added[name] = Said(asked, entry, times, source.columns)
        else:
            left.append(entry.left * times[:, None])
            places[name] = slice(rank, rank + entry.left.shape[1])
            rank = places[name].stop
    together = np.concatenate([*left, constant], axis=1).astype(np.float32)
    return Weighed(together, places, added, against, spreads)
