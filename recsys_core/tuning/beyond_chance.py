"""Changes of tuned weights that are made only where the validation users' lists gain, or lose, beyond chance."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from recsys_core.blockwise import side_by_side
from recsys_core.hybrid import HybridWeights
from recsys_core.tuning.rounds import Tables

__all__ = ["by_user", "with_popularity", "without_groups_of_chance"]

_POPULARITY_SHARES = (0.25, 0.5, 1.0, 2.0, 4.0)
_SURE = 2.0  # standard errors


def by_user(tables: list[Tables], weights: HybridWeights) -> NDArray[np.float64]:
    """The value of every user's list with the whole history, round after round."""
    return np.concatenate(list(side_by_side(lambda table: table.by_user(weights), tables)))


def with_popularity(tables: list[Tables], weights: HybridWeights) -> HybridWeights:
    """``weights`` with popularity in the taste, too, where whole histories gain by it beyond chance.

    Where tastes differ little, popularity tells more than any history. Searched with the other weights it would
    be given some of the say everywhere, for a gain that is luck of the validation users.
    """
    before = by_user(tables, weights)
    best, most = weights, 0.0
    for share in _POPULARITY_SHARES:
        tried = weights.replace(taste={**weights.taste, "popularity": share})
        gain = by_user(tables, tried) - before
        sure = float(gain.mean() - gain.std() / np.sqrt(len(gain)))
        if sure > most:
            best, most = tried, sure
    return best


def without_groups_of_chance(
    tables: list[Tables], weights: HybridWeights, sparse: Collection[str], dense: Collection[str]
) -> HybridWeights:
    """``weights`` without the ``sparse`` groups whose gain on whole histories is within chance.

    Of large data such a group costs as much as all dense ones together, of which one must be left that says more than
    the decade: similar titles are told from it, too. Its weight was searched for on these very users, so that a gain of
    less than two standard errors of the difference is none.
    """
    if not any(weights.group_weights.get(name) for name in dense if name != "decade"):
        return weights
    for name in sorted(sparse, key=lambda name: weights.group_weights.get(name, 0.0)):
        if weights.group_weights.get(name):
            without = weights.replace(group_weights={**weights.group_weights, name: 0.0})
            gain = by_user(tables, weights) - by_user(tables, without)
            if gain.mean() <= _SURE * gain.std() / np.sqrt(len(gain)):
                weights = without
    return weights
