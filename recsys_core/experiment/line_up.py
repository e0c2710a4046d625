"""Who takes part in an evaluation: the hybrid, its parts alone, and the baselines."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.hybrid import HybridModel
from recsys_core.item_knn import ItemKNNParameters, fit_item_knn
from recsys_core.sources.ease import EASEModel
from recsys_core.sources.popularity import fit_popularity

__all__ = ["LineUp", "Score", "line_up", "without_each_term"]

Score = Callable[[csr_matrix], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class LineUp:
    """Scoring functions by model name, in the order of the tables; ``cold`` are those that can score cold items."""

    warm: dict[str, Score]
    cold: dict[str, Score]


def line_up(
    hybrid: HybridModel,
    train: UserItemMatrix,
    *,
    ease: EASEModel | None,
    feedback: Feedback,
    item_knn: ItemKNNParameters | None = None,
) -> LineUp:
    """Popularity, item-kNN, EASE (where fitted), ALS alone, content alone, hybrid; all fitted on ``train``.

    ``ease`` is given apart, because a hybrid whose weight for it is 0 does not hold it.
    """
    ratings, item_ids = train.ratings, train.item_ids
    neighbours = fit_item_knn(ratings, item_ids, item_knn or ItemKNNParameters(), feedback=feedback)
    warm: dict[str, Score] = {"popularity": fit_popularity(ratings, item_ids).score, "item_knn": neighbours.score}
    if ease is not None:
        warm["ease"] = ease.score
    warm |= {
        "als": lambda rows: hybrid.score(rows, model="als"),
        "content": lambda rows: hybrid.score(rows, model="content"),
        "hybrid": hybrid.score,
    }
    return LineUp(warm, cold={"content": lambda rows: _cold_content(hybrid, rows), "hybrid": hybrid.score_cold})


def without_each_term(hybrid: HybridModel) -> dict[str, Score]:
    """The hybrid with one term switched off at a time, the other weights as they are: what each term is worth.

    ALS has no weight to switch off; what it adds is seen in the hybrid against EASE.
    """
    weights = hybrid.weights
    variants = {
        "hybrid_no_ease": weights.replace(ease=0.0),
        "hybrid_no_content": weights.replace(content=0.0),
        "hybrid_no_neighbours": weights.replace(neighbours=0.0),
        "hybrid_no_popularity": weights.replace(popularity=0.0),
        "hybrid_no_prior": weights.replace(popularity=0.0, neighbours=0.0),
    }
    return {name: replace(hybrid, weights=changed).score for name, changed in variants.items()}


def _cold_content(hybrid: HybridModel, rows: csr_matrix) -> NDArray[np.float32]:
    return hybrid.content_term.scores(hybrid.checked(rows, None)[1], cold=True)
