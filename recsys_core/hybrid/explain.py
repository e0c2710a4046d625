"""Why an item is recommended: what each source gave, and which of the user's own titles."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array, vstack

from recsys_core.histories import Histories
from recsys_core.hybrid.blend import DISLIKES
from recsys_core.hybrid.fused import fused_scores
from recsys_core.hybrid.heard import heard
from recsys_core.hybrid.parts import HybridParts
from recsys_core.sources.moments import dense_moments
from recsys_core.sources.source import AverseSource, Source
from recsys_core.sources.table import source_named
from recsys_core.sparse_rows import mixed, selected

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
        terms, constant = _terms(model, history, selected(item_nums[warm], model.n_items))
        found |= _explained(warm, item_nums, history.item_nums, terms, np.full(len(warm), constant), n_because)
    if len(cold):
        terms, constants = _predicted(model, history, item_nums[cold] - model.n_items)
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

    def less_mean(self, sums: NDArray[np.float64]) -> "_Term":
        """All but the last row, less ``sums`` (n_items,) times that one."""
        rows = (found[:-1] - np.multiply.outer(sums, found[-1]) for found in (self.values, self.by_title))
        return _Term(*rows)


def _terms(model: HybridParts, history: Histories, mixture: csr_matrix) -> tuple[dict[str, _Term], float]:
    """The terms of warm items, mixed, by name, and the constant that standardising adds to every item's score."""
    entries = {name: source.enter(history) for name, source in model.sources.items() if model.weights.taste.get(name)}
    n_liked = heard(model, history.n_liked(model.feedback), {name: e.moments.std for name, e in entries.items()})
    against = float((model.weights.dislikes * model.weights.prior_share(n_liked))[0])
    factors = {name: float(factor[0]) for name, factor in model.weights.factors(n_liked, slight=False).items()}
    terms: dict[str, _Term] = {}
    constant = 0.0
    for name, source in model.sources.items():
        if factors.get(name):
            entry = entries[name] if name in entries else source.enter(history)
            scale = factors[name] * float(entry.moments.scale(model.steady(name))[0])
            constant -= scale * float(entry.moments.mean[0])
            parts = source.parts(history, mixture)
            if source_named(name).side == "popularity":
                terms[name] = _Term(scale * _low_rank(source, entry.left, mixture), parts)
            else:
                terms[name] = _Term.of_titles(scale * parts)
        if source_named(name).averse and against:
            averse = cast("AverseSource", source)
            terms[DISLIKES] = _Term.of_titles(against * averse.aversion_parts(history, mixture))
    return terms, constant


def _predicted(
    model: HybridParts, history: Histories, cold_nums: NDArray[np.int64]
) -> tuple[dict[str, _Term], NDArray[np.float64]]:
    """The terms of cold items: predictions of those of all warm ones, times what a match is worth where they stand.

    A prediction is of what is above the mean of all warm items. Whatever a disliked title would add, by being unlike an
    item, is counted in the constant.
    """
    model = model.for_cold
    warm = fused_scores(model, history)
    match = model.cold.match(warm)[:, cold_nums].astype(np.float64)
    calibration = model.cold.calibration
    scores, gains = match[0], np.ones(len(cold_nums))
    if calibration is not None:
        scores = calibration.scores(match, history.n_liked(model.feedback))[0].astype(np.float64)
        gains = np.asarray([calibration.slope(score) for score in scores])
    gains = gains * float(dense_moments(warm).scale()[0])
    from_warm = csr_matrix(diags_array(gains) @ model.cold.from_warm[cold_nums].astype(np.float64))
    everything = csr_matrix(np.full((1, model.n_items), 1 / model.n_items))
    terms, _ = _terms(model, history, csr_matrix(vstack([from_warm, everything])))
    sums = np.asarray(from_warm.sum(axis=1), dtype=np.float64).ravel()
    values = history.ratings.data if history.cold is None else np.append(history.ratings.data, history.cold.data)
    disliked = model.feedback.disliked(values)
    found = {}
    for name, term in terms.items():
        predicted = term.less_mean(sums)
        if _side(name) == "popularity":
            found[name] = predicted
            continue
        parts = predicted.by_title
        against = disliked[: parts.shape[1]]
        parts[:, against] = np.minimum(parts[:, against], 0)
        found[name] = _Term.of_titles(parts)
    return found, scores - np.sum([term.values for term in found.values()], axis=0)


def _low_rank(source: Source, left: NDArray[np.floating] | None, mixture: csr_matrix) -> NDArray[np.float64]:
    assert left is not None
    assert source.item_side is not None
    return np.asarray(mixed(mixture, source.item_side.T) @ left[0])


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
