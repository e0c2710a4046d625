"""Peers whose library is in the project's own environment: implicit's ALS and item neighbours."""

import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.accuracy.peers.shared import peer_job
from recsys_core.errors import ShapeError

__all__ = ["IN_PROCESS"]


@peer_job.ranked
def _fit_als(weights: Any, own: dict[str, Any], seed: int) -> Callable[[Any, int], Any]:
    from implicit.als import AlternatingLeastSquares

    named = {key: value for key, value in own.items() if key != "confidence_weight"}
    model = AlternatingLeastSquares(alpha=own["confidence_weight"], num_threads=1, random_state=seed, **named)
    model.fit(weights, show_progress=False)
    return lambda rows, n: _ranked_by(model, rows, n, weights.shape[1], recalculate_user=True)


@peer_job.ranked
def _fit_knn(weights: Any, own: dict[str, Any], seed: int) -> Callable[[Any, int], Any]:
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender

    if own["similarity"] == "bm25":
        model: Any = BM25Recommender(K=own["neighbours"], K1=own["k1"], B=own["b"], num_threads=1)
    else:
        kind = {"cosine": CosineRecommender, "tfidf": TFIDFRecommender}[own["similarity"]]
        model = kind(K=own["neighbours"], num_threads=1)
    with warnings.catch_warnings():  # the library hands itself a COO matrix, and warns of it
        warnings.simplefilter("ignore")
        model.fit(weights, show_progress=False)
    return lambda rows, n: _ranked_by(model, rows.astype(np.float64), n, weights.shape[1])


def _ranked_by(model: Any, rows: Any, n: int, n_items: int, **how: Any) -> Any:
    """Columns by the library's own ``recommend``."""
    if rows.shape[1] != n_items:  # the library would read out of bounds
        raise ShapeError(f"the known ratings have {rows.shape[1]} columns, the model was trained on {n_items} items")
    found, scores = model.recommend(np.arange(rows.shape[0]), rows, N=n, filter_already_liked_items=False, **how)
    padding = np.finfo(np.float32).min  # where the library has run out of items
    return (found[row][(found[row] >= 0) & (scores[row] > padding)] for row in range(len(found)))


_KNN_DEFAULTS = {"ratings": "liked", "similarity": "cosine", "neighbours": 20, "k1": 1.2, "b": 0.75}
_KNN_DEFAULTS |= {"min_item_ratings": 1}
_KNN_SPACE = {
    "ratings": peer_job.any_of(*peer_job.RATINGS),
    "similarity": peer_job.any_of("bm25", "tfidf", "cosine"),
    "neighbours": peer_job.log_integer(10, 500),
    "k1": peer_job.log_between(0.1, 200.0),
    "b": peer_job.between(0.0, 1.0),
    "min_item_ratings": peer_job.any_of(1, 3, 10),
}


def _peer(
    name: str, fit: Any, defaults: dict[str, Any], space: dict[str, Any]
) -> Callable[[Path, Path, int, int], None]:
    def run(job: Path, out: Path, n_trials: int, seed: int) -> None:
        import implicit.als  # noqa: F401  loads its BLAS, so that the limit holds for it

        n_tried = n_trials if space else 1
        with threadpool_limits(1, user_api="blas"):
            how: dict[str, Any] = {"job": job, "out": out, "n_trials": n_tried, "seed": seed}
            # other peers may run beside it in this process
            peer_job.run_search(name, version("implicit"), fit, defaults, space, **how, clock=time.thread_time)

    return run


IN_PROCESS: dict[str, Callable[[Path, Path, int, int], None]] = {
    "implicit_default": _peer("implicit_default", _fit_als, peer_job.ALS_DEFAULTS, {}),
    "implicit_als": _peer("implicit_als", _fit_als, peer_job.ALS_DEFAULTS, peer_job.ALS_SPACE),
    "implicit_knn": _peer("implicit_knn", peer_job.on_frequent_items(_fit_knn), _KNN_DEFAULTS, _KNN_SPACE),
}
"""Peers by name: (job folder, existing output folder, n_trials, seed) -> None."""
