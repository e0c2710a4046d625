"""Why an item is recommended: what each source gave, and which of the user's own titles."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from recsys_core.histories import Histories
from recsys_core.hybrid.blend import DISLIKES
from recsys_core.sources.source import AverseSource, Source
from recsys_core.sources.table import source_named

if TYPE_CHECKING:
    from recsys_core.hybrid.model import HybridModel

__all__ = ["CONSTANT", "SIDES", "Explanation", "explain"]

CONSTANT = "constant"
SIDES = ("collaborative", "content", "popularity", CONSTANT)


@dataclass(frozen=True, slots=True)
class Explanation:
    """One recommended item explained.

    sources  what the collaborative sources, content and popularity gave; with the constant, which standardising takes
             off every item's score alike, they add up to ``score``
    terms    the same source by source, and as "dislikes" what likeness to disliked titles took away
    because  (item number of one of the user's titles, contribution), the largest first. The contributions of all the
             user's titles add up to collaborative + content, each score's spread taken as given for the user. None of
             a disliked title is above 0.
    """

    item_num: int
    score: float
    sources: dict[str, float]
    terms: dict[str, float]
    because: tuple[tuple[int, float], ...]


def explain(
    model: "HybridModel", history: Histories, item_nums: NDArray[np.int64], n_because: int | None
) -> list[Explanation]:
    """An :class:`Explanation` of each of ``item_nums`` for one user.

    n_because  so many titles at most, of those that spoke for the item; None: every title
    """
    n_liked = history.n_liked(model.feedback)
    against = float((model.weights.dislikes * model.weights.prior_share(n_liked))[0])
    factors = {name: float(factor[0]) for name, factor in model.weights.factors(n_liked).items()}
    rated = history.item_nums
    by_title = np.zeros((len(item_nums), len(rated)))
    terms: dict[str, NDArray[np.float64]] = {}
    constant = 0.0
    for name, source in model.sources.items():
        if factors.get(name):
            entry = source.enter(history)
            scale = factors[name] * float(entry.moments.scale(model.steady(name))[0])
            constant -= scale * float(entry.moments.mean[0])
            terms[name] = np.zeros(len(item_nums))
            if source_named(name).side == "popularity":
                terms[name] += scale * _low_rank(source, entry.left, item_nums)
            else:
                terms[name] += _added(by_title, scale * source.parts(history, item_nums))
        if source_named(name).averse and against:
            averse = cast("AverseSource", source)
            terms[DISLIKES] = _added(by_title, against * averse.aversion_parts(history, item_nums))
    return [
        _explanation(int(num), place, terms, constant, rated, by_title[place], n_because)
        for place, num in enumerate(item_nums)
    ]


def _added(by_title: NDArray[np.float64], parts: NDArray[np.float64]) -> NDArray[np.float64]:
    by_title[:, : parts.shape[1]] += parts
    return np.asarray(parts.sum(axis=1))


def _low_rank(source: Source, left: NDArray[np.floating] | None, nums: NDArray[np.int64]) -> NDArray[np.float64]:
    assert left is not None
    assert source.item_side is not None
    return np.asarray((left @ source.item_side[:, nums].astype(np.float64))[0])


def _explanation(
    item_num: int,
    place: int,
    terms: dict[str, NDArray[np.float64]],
    constant: float,
    rated: NDArray[np.int64],
    by_title: NDArray[np.float64],
    n_because: int | None,
) -> Explanation:
    gave = {name: float(values[place]) for name, values in terms.items()} | {CONSTANT: constant}
    sources = dict.fromkeys(SIDES, 0.0)
    for name, value in gave.items():
        side = name if name == CONSTANT else "collaborative" if name == DISLIKES else source_named(name).side
        sources[side] += value
    order = np.lexsort((rated, -by_title))
    if n_because is not None:
        order = order[by_title[order] > 0][:n_because]
    because = tuple((int(rated[num]), float(by_title[num])) for num in order)
    return Explanation(item_num, sum(gave.values()), sources, gave, because)
