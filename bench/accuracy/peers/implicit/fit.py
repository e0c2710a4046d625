"""implicit's ALS and item neighbours, in the project's own environment. Both rank by the library's ``recommend``."""

import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
import peer_job
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Rank = Callable[[csr_matrix, int], Iterator[NDArray[np.int32]]]


def fit_als(weights: csr_matrix, own: peer_job.Parameters, seed: int) -> Rank:
    options = {key: value for key, value in own.items() if key != "confidence_weight"}
    model = AlternatingLeastSquares(alpha=own["confidence_weight"], num_threads=1, random_state=seed, **options)
    model.fit(weights, show_progress=False)
    return lambda rows, n: ranked_by(model, rows, n, recalculate_user=True)


def fit_knn(weights: csr_matrix, own: peer_job.Parameters, seed: int) -> Rank:
    if own["similarity"] == "bm25":
        model: Any = BM25Recommender(K=own["neighbours"], K1=own["k1"], B=own["b"], num_threads=1)
    else:
        kind = {"cosine": CosineRecommender, "tfidf": TFIDFRecommender}[own["similarity"]]
        model = kind(K=own["neighbours"], num_threads=1)
    with warnings.catch_warnings():  # the library hands itself a COO matrix, and warns of it
        warnings.simplefilter("ignore")
        model.fit(weights, show_progress=False)
    return lambda rows, n: ranked_by(model, rows.astype(np.float64), n)


def ranked_by(model: Any, rows: csr_matrix, n: int, **how: Any) -> Iterator[NDArray[np.int32]]:
    found, scores = model.recommend(np.arange(rows.shape[0]), rows, N=n, filter_already_liked_items=False, **how)
    padding = np.finfo(np.float32).min  # where the library has run out of items
    return (found[row][(found[row] >= 0) & (scores[row] > padding)] for row in range(len(found)))


KNN_DEFAULTS = {"ratings": "liked", "similarity": "cosine", "neighbours": 20, "k1": 1.2, "b": 0.75}
MODELS = {
    "default": (peer_job.ranked(fit_als), peer_job.ALS_DEFAULTS, {}),
    "als": (peer_job.ranked(fit_als), peer_job.ALS_DEFAULTS, peer_job.ALS_SPACE),
    "knn": (
        peer_job.on_frequent_items(peer_job.ranked(fit_knn)),
        {**KNN_DEFAULTS, "min_item_ratings": 1},
        {
            "ratings": peer_job.any_of(*peer_job.RATINGS),
            "similarity": peer_job.any_of("bm25", "tfidf", "cosine"),
            "neighbours": peer_job.log_integer(10, 500),
            "k1": peer_job.log_between(0.1, 200.0),
            "b": peer_job.between(0.0, 1.0),
            "min_item_ratings": peer_job.any_of(1, 3, 10),
        },
    ),
}

if __name__ == "__main__":
    sys.exit(peer_job.run_from_command_line(MODELS, version("implicit")))
