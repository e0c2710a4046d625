"""Peers whose library is in the project's own environment: implicit's ALS and item neighbours."""

import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.accuracy.peers.shared.peer_job import (
    RATINGS,
    any_of,
    between,
    log_between,
    log_integer,
    mapped,
    on_frequent_items,
    run_search,
    without_known,
)
from recsys_core.errors import ShapeError

__all__ = ["IN_PROCESS"]

_ALS_DEFAULTS = {
    "ratings": "stars",
    "factors": 100,
    "regularization": 0.01,
    "confidence_weight": 1.0,
    "iterations": 15,
}
"""The constructor's defaults, with the stars as confidence. What the library's own MovieLens example does (ratings of
at least 4, BM25 weights times 5) was tried on validation users of the bundled data: NDCG@10 .18 against .27, so neither
the defaults nor the search are burdened with it."""


def _fit_als(ratings: Any, parameters: dict[str, Any], seed: int) -> Callable[[Any, int], Any]:
    from implicit.als import AlternatingLeastSquares

    n_items = ratings.shape[1]
    model = AlternatingLeastSquares(
        factors=parameters["factors"],
        regularization=parameters["regularization"],
        alpha=parameters["confidence_weight"],
        iterations=parameters["iterations"],
        num_threads=1,
        random_state=seed,
    )
    model.fit(mapped(ratings, parameters["ratings"]), show_progress=False)

    def recommend(known: Any, k: int) -> Any:
        rows = mapped(known, parameters["ratings"], folded_in=True)
        return _lists(model, rows, known, k, n_items, recalculate_user=True)

    return recommend


_KNN_DEFAULTS = {
    "ratings": "liked",
    "similarity": "cosine",
    "neighbours": 20,
    "k1": 1.2,
    "b": 0.75,
    "min_item_ratings": 1,
}


def _fit_knn(ratings: Any, parameters: dict[str, Any], seed: int) -> Callable[[Any, int], Any]:
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender

    neighbours = parameters["neighbours"]
    model: Any
    if parameters["similarity"] == "bm25":
        model = BM25Recommender(K=neighbours, K1=parameters["k1"], B=parameters["b"], num_threads=1)
    else:
        model = {"cosine": CosineRecommender, "tfidf": TFIDFRecommender}[parameters["similarity"]](
            K=neighbours, num_threads=1
        )
    with warnings.catch_warnings():  # the library hands itself a COO matrix, and warns of it
        warnings.simplefilter("ignore")
        model.fit(mapped(ratings, parameters["ratings"]), show_progress=False)

    def recommend(known: Any, k: int) -> Any:
        rows = mapped(known, parameters["ratings"], folded_in=True).astype(np.float64)
        return _lists(model, rows, known, k, ratings.shape[1])

    return recommend


def _lists(model: Any, rows: Any, known: Any, k: int, n_items: int, **how: Any) -> Any:
    """Lists by the library's own ``recommend``; ``rows`` are the weights, ``known`` all that must not come back."""
    if rows.shape[1] != n_items:  # the library would read out of bounds
        raise ShapeError(f"the known ratings have {rows.shape[1]} columns, the model was trained on {n_items} items")
    n_asked = min(n_items, k + int(np.diff(known.indptr).max(initial=0)))
    found, scores = model.recommend(np.arange(rows.shape[0]), rows, N=n_asked, filter_already_liked_items=False, **how)
    padding = np.finfo(np.float32).min  # where the library has run out of items
    ranked = (found[row][(found[row] >= 0) & (scores[row] > padding)] for row in range(len(found)))
    return without_known(ranked, known, k)


_ALS_SPACE = {
    "ratings": any_of(*RATINGS),
    "factors": log_integer(32, 192),
    "regularization": log_between(0.3, 100.0),
    "confidence_weight": log_between(1.0, 20.0),
    "iterations": log_integer(8, 25),
}
_KNN_SPACE = {
    "ratings": any_of(*RATINGS),
    "similarity": any_of("bm25", "tfidf", "cosine"),
    "neighbours": log_integer(10, 500),
    "k1": log_between(0.1, 200.0),
    "b": between(0.0, 1.0),
    "min_item_ratings": any_of(1, 3, 10),
}


def _peer(
    name: str, fit: Any, defaults: dict[str, Any], space: dict[str, Any], most: int | None = None
) -> Callable[[Path, Path, int, int], None]:
    def run(job: Path, out: Path, n_trials: int, seed: int) -> None:
        import implicit.als  # noqa: F401  loads its BLAS, so that the limit holds for it

        n_tried = n_trials if most is None else min(n_trials, most)
        with threadpool_limits(1, user_api="blas"):
            run_search(name, version("implicit"), fit, defaults, space, job=job, out=out, n_trials=n_tried, seed=seed)

    return run


IN_PROCESS: dict[str, Callable[[Path, Path, int, int], None]] = {
    "implicit_default": _peer("implicit_default", _fit_als, _ALS_DEFAULTS, {}, most=1),
    "implicit_als": _peer("implicit_als", _fit_als, _ALS_DEFAULTS, _ALS_SPACE),
    "implicit_knn": _peer("implicit_knn", on_frequent_items(_fit_knn), _KNN_DEFAULTS, _KNN_SPACE),
}
"""Peers by name: (job folder, existing output folder, n_trials, seed) -> None."""
