"""Why an item is recommended: what each source gave, and which of the user's own titles."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.hybrid.moments import Moments, dense_moments
from recsys_core.sources.als import ALSModel, rating_confidence
from recsys_core.sources.als.normal_equations import normal_equations
from recsys_core.sources.ease import EASEModel
from recsys_core.sources.ease.model import rating_strength

if TYPE_CHECKING:
    from recsys_core.hybrid.model import HybridModel, ModelName

__all__ = ["SOURCES", "Explanation", "als_titles", "ease_titles", "explanations", "parts_by_source", "source_factors"]


SOURCES = ("collaborative", "content", "popularity")


@dataclass(frozen=True, slots=True)
class Explanation:
    """One recommended item explained.

    sources  what collaborative, content and popularity gave; they add up to ``score``
    because  (item number of one of the user's titles, contribution), the largest first: how much more the title
             gave to this item than to the average item. The contributions of all the user's titles add up to
             collaborative + content, each score's spread taken as given for the user.
    """

    item_num: int
    score: float
    sources: dict[str, float]
    because: tuple[tuple[int, float], ...]


Parts = tuple[NDArray[np.float64], NDArray[np.float64]]


def als_titles(model: ALSModel, row: csr_matrix, item_nums: NDArray[np.int64], mean_item: NDArray[np.float64]) -> Parts:
    """What each rated title gave to the raw ALS score (Hu, Koren & Volinsky 2008, section 5).

    mean_item  mean of the item factors, (factors,)

    Returns the parts for the asked items, of shape (n_asked, n_rated), and their mean over all items, (n_rated,).
    """
    factors = model.item_factors
    confidence = rating_confidence(row, model.parameters, model.rating_scale_max).data.astype(np.float64)
    vectors = factors[row.indices].astype(np.float64)
    a, _ = normal_equations(model.gram, vectors[None], confidence[None])
    titles = np.linalg.solve(a[0], (np.maximum(confidence, 0.0)[:, None] * vectors).T)
    return factors[item_nums].astype(np.float64) @ titles, mean_item @ titles


def ease_titles(model: EASEModel, row: csr_matrix, item_nums: NDArray[np.int64]) -> Parts:
    """What each rated title gave to the raw EASE score; shapes as in :func:`als_titles`."""
    strength = rating_strength(row, model.parameters.rating_power, model.rating_scale_max).data.astype(np.float64)
    rated = model.place_of[row.indices]
    means = np.zeros(len(rated))
    known = rated >= 0
    means[known] = np.asarray(model.weights[rated[known]]).sum(axis=1, dtype=np.float64) / len(model.item_ids)
    return model.contributions(row, item_nums).astype(np.float64), means * strength


def source_factors(model: "HybridModel", n_ratings: int, asked: "ModelName") -> dict[str, float]:
    """The factor of each standardised score for a user with ``n_ratings`` known ratings."""
    if asked != "hybrid":
        return {name: float(name == asked) for name in ("als", "ease", "content", "neighbours", "popularity")}
    weights, known = model.weights, np.asarray([n_ratings])
    alpha = float(weights.alpha(known)[0])
    return {
        "als": alpha * weights.collaborative,
        "ease": alpha * weights.collaborative * weights.ease,
        "content": alpha * weights.content,
        "neighbours": float(weights.neighbourhood(known)[0]),
        "popularity": float(weights.prior(known)[0]),
    }


def parts_by_source(
    model: "HybridModel",
    row: csr_matrix,
    catalogue_row: csr_matrix,
    item_nums: NDArray[np.int64],
    factors: Mapping[str, float],
) -> Iterator[tuple[str, Moments, Parts]]:
    """For each source with a factor that a user's titles speak through: its name, moments and parts."""
    if factors["als"]:
        moments = model.als_moments
        yield "als", moments.for_users(model.als.fold_in(row)), als_titles(model.als, row, item_nums, moments.mean)
    if model.ease is not None and factors["ease"]:
        kept = model.ease.score_kept(row)
        yield "ease", dense_moments(kept, n_items=model.n_items), ease_titles(model.ease, row, item_nums)
    if model.neighbours is not None and factors["neighbours"]:
        votes = dense_moments(model.neighbours.score(row))
        yield "neighbours", votes, model.neighbours.contributions(row, item_nums)
    if factors["content"]:
        content = dense_moments(model.content_term.scores(catalogue_row))
        yield "content", content, model.content_term.title_vectors(catalogue_row, item_nums)


def explanations(
    item_nums: NDArray[np.int64],
    sources: dict[str, NDArray[np.float64]],
    rated_nums: NDArray[np.int64],
    contributions: NDArray[np.float64],
    n_because: int | None,
) -> list[Explanation]:
    """Put together what belongs to each asked item.

    sources        each of shape (n_asked,)
    rated_nums     the user's own titles, of shape (n_rated,)
    contributions  of shape (n_asked, n_rated)
    n_because      so many titles at most, of those that spoke for the item; None: every title
    """
    found = []
    for place, item_num in enumerate(item_nums):
        gave = {name: float(values[place]) for name, values in sources.items()}
        order = np.lexsort((rated_nums, -contributions[place]))
        if n_because is not None:
            order = order[contributions[place, order] > 0][:n_because]
        because = tuple((int(rated_nums[num]), float(contributions[place, num])) for num in order)
        found.append(Explanation(int(item_num), sum(gave.values()), gave, because))
    return found
