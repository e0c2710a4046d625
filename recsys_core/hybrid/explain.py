"""Why an item is recommended: what each source gave, and which of the user's own titles."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from recsys_core.histories import Histories
from recsys_core.hybrid.blend import DISLIKES
from recsys_core.hybrid.parts import HybridParts
from recsys_core.sources.source import AverseSource, Source
from recsys_core.sources.table import source_named

__all__ = ["CONSTANT", "SIDES", "Explanation", "explain"]

CONSTANT = "constant"
SIDES = ("collaborative", "content", "popularity", CONSTANT)
"""Headings under which an explanation adds up what sources gave."""


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
    model: HybridParts, history: Histories, item_nums: NDArray[np.int64], n_because: int | None
) -> list[Explanation]:
    """An :class:`Explanation` of each of ``item_nums``, of warm and cold items, for one user.

    n_because  so many titles at most, of those that spoke for the item; None: every title
    """
    warm = np.flatnonzero(item_nums < model.n_items)
    cold = np.flatnonzero(item_nums >= model.n_items)
    found: dict[int, Explanation] = {}
    if len(warm):
        terms, constant = _terms(model, history, item_nums[warm])
        found |= _explained(warm, item_nums, history.item_nums, terms, np.full(len(warm), constant), n_because)
    if len(cold):
        terms, _ = _terms(model, history, np.arange(model.n_items))
        terms, constants = _predicted(model, history, item_nums[cold] - model.n_items, terms)
        found |= _explained(cold, item_nums, history.item_nums, terms, constants, n_because)
    return [found[place] for place in range(len(item_nums))]


@dataclass(frozen=True, slots=True, eq=False)
class _Term:
    """What a source gave to some items, (n_items,), and of that each of the user's titles, (n_items, n_rated)."""

    values: NDArray[np.float64]
    by_title: NDArray[np.float64]

    @classmethod
    def of_titles(cls, parts: NDArray[np.float64]) -> "_Term":
        return cls(np.asarray(parts.sum(axis=1)), parts)


def _terms(model: HybridParts, history: Histories, item_nums: NDArray[np.int64]) -> tuple[dict[str, _Term], float]:
    """The terms of warm items by name, and the constant that standardising adds to every score."""
    n_liked = history.n_liked(model.feedback)
    against = float((model.weights.dislikes * model.weights.prior_share(n_liked))[0])
    factors = {name: float(factor[0]) for name, factor in model.weights.factors(n_liked).items()}
    terms: dict[str, _Term] = {}
    constant = 0.0
    for name, source in model.sources.items():
        if factors.get(name):
            entry = source.enter(history)
            scale = factors[name] * float(entry.moments.scale(model.steady(name))[0])
            constant -= scale * float(entry.moments.mean[0])
            parts = source.parts(history, item_nums)
            if source_named(name).side == "popularity":
                terms[name] = _Term(scale * _low_rank(source, entry.left, item_nums), parts)
            else:
                terms[name] = _Term.of_titles(scale * parts)
        if source_named(name).averse and against:
            averse = cast("AverseSource", source)
            terms[DISLIKES] = _Term.of_titles(against * averse.aversion_parts(history, item_nums))
    return terms, constant


def _predicted(
    model: HybridParts, history: Histories, cold_nums: NDArray[np.int64], terms: dict[str, _Term]
) -> tuple[dict[str, _Term], NDArray[np.float64]]:
    """The terms of cold items: predictions of those of all warm ones, times what a match is worth where they stand.

    Whatever a disliked title would add, by being unlike an item, is counted in the constant.
    """
    total = np.sum([term.values for term in terms.values()], axis=0)
    match = _from_warm(model, cold_nums, total[:, None])[:, 0] / (total.std() or 1.0)
    calibration = model.cold.calibration
    scores, gains = match, np.ones(len(match))
    if calibration is not None:
        scores = calibration.scores(match[None, :], history.n_liked(model.feedback))[0].astype(np.float64)
        gains = np.asarray([calibration.slope(score) for score in scores])
    gains = gains / (total.std() or 1.0)
    values = history.ratings.data if history.cold is None else np.append(history.ratings.data, history.cold.data)
    disliked = model.feedback.disliked(values)
    found = {}
    for name, term in terms.items():
        parts = gains[:, None] * _from_warm(model, cold_nums, term.by_title)
        if _side(name) == "popularity":
            found[name] = _Term(gains * _from_warm(model, cold_nums, term.values[:, None])[:, 0], parts)
            continue
        against = disliked[: parts.shape[1]]
        parts[:, against] = np.minimum(parts[:, against], 0)
        found[name] = _Term.of_titles(parts)
    return found, scores - np.sum([term.values for term in found.values()], axis=0)


def _from_warm(model: HybridParts, cold_nums: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the ridge predicts of ``values`` (n_warm, n_columns), less their mean: (n_cold, n_columns)."""
    return np.asarray(model.cold.from_warm[cold_nums].astype(np.float64) @ (values - values.mean(axis=0)))


def _low_rank(source: Source, left: NDArray[np.floating] | None, nums: NDArray[np.int64]) -> NDArray[np.float64]:
    assert left is not None
    assert source.item_side is not None
    return np.asarray((left @ source.item_side[:, nums].astype(np.float64))[0])


def _explained(
    places: NDArray[np.int64],
    item_nums: NDArray[np.int64],
    rated: NDArray[np.int64],
    terms: dict[str, _Term],
    constants: NDArray[np.float64],
    n_because: int | None,
) -> dict[int, Explanation]:
    by_title = np.zeros((len(places), len(rated)))
    for term in terms.values():
        by_title[:, : term.by_title.shape[1]] += term.by_title
    found = {}
    for row, place in enumerate(places):
        gave = {name: float(term.values[row]) for name, term in terms.items()} | {CONSTANT: float(constants[row])}
        sources = dict.fromkeys(SIDES, 0.0)
        for name, value in gave.items():
            sources[_side(name)] += value
        order = np.lexsort((rated, -by_title[row]))
        if n_because is not None:
            order = order[by_title[row, order] > 0][:n_because]
        because = tuple((int(rated[num]), float(by_title[row, num])) for num in order)
        found[int(place)] = Explanation(int(item_nums[place]), sum(gave.values()), sources, gave, because)
    return found


def _side(name: str) -> str:
    return name if name == CONSTANT else "collaborative" if name == DISLIKES else source_named(name).side
