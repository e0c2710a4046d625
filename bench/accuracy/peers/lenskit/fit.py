"""LensKit's implicit matrix factorisation and user neighbours. New users are queries with their own items.

Runs in its own environment (requirements.txt) and imports nothing of this project but ``peer_job``, which is on the
path when ``bench.accuracy.peers.run_peer`` starts it.
"""

import os
import sys
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from lenskit.als import ImplicitMFScorer
from lenskit.data import ItemList, RecQuery, from_interactions_df
from lenskit.knn import UserKNNScorer
from lenskit.training import TrainingOptions
from numpy.typing import NDArray
from peer_job import (
    RATINGS,
    Parameters,
    Recommend,
    any_of,
    log_between,
    log_integer,
    mapped,
    on_frequent_items,
    run_from_command_line,
    top_lists,
)
from scipy.sparse import csr_matrix

os.environ.update(LK_NUM_PROCS="1", LK_NUM_THREADS="1", LK_NUM_BACKEND_THREADS="1")  # read when training begins


def trained(scorer: Any, train: csr_matrix, ratings: str, seed: int) -> Any:
    rows = mapped(train, ratings).tocoo()
    table = pd.DataFrame({"user_id": rows.row, "item_id": rows.col, "rating": rows.data})
    scorer.train(from_interactions_df(table, rating_col="rating"), TrainingOptions(rng=seed))
    return scorer


def recommender(scorer: Any, ratings: str, n_items: int) -> Recommend:
    everything = ItemList(item_ids=np.arange(n_items))

    def recommend(known: csr_matrix, k: int) -> NDArray[np.int32]:
        rows = mapped(known, ratings, folded_in=True)
        scores = np.full(known.shape, np.nan)
        for row in range(known.shape[0]):
            of_user = slice(rows.indptr[row], rows.indptr[row + 1])
            history = ItemList(item_ids=rows.indices[of_user], rating=rows.data[of_user])
            if len(history):
                scores[row] = scorer(RecQuery(history_items=history), everything).scores()
        lists: NDArray[np.int32] = top_lists(scores, known, k)
        return lists

    return recommend


def fit_ials(train: csr_matrix, parameters: Parameters, seed: int) -> Recommend:
    own = {key: value for key, value in parameters.items() if key != "ratings"}
    scorer = ImplicitMFScorer(use_ratings=parameters["ratings"] not in ("all", "liked"), **own)
    return recommender(trained(scorer, train, parameters["ratings"], seed), parameters["ratings"], train.shape[1])


def fit_userknn(train: csr_matrix, parameters: Parameters, seed: int) -> Recommend:
    own = {key: value for key, value in parameters.items() if key != "ratings"}
    scorer = UserKNNScorer(feedback="implicit", **own)
    return recommender(trained(scorer, train, parameters["ratings"], seed), parameters["ratings"], train.shape[1])


MODELS = {
    "ials": (
        fit_ials,
        {"ratings": "all", "embedding_size": 50, "epochs": 10, "regularization": 0.1, "weight": 40.0},
        {
            "ratings": any_of(*RATINGS),
            "embedding_size": log_integer(24, 96),  # at 160 one fit takes longer than all others together
            "epochs": log_integer(8, 25),
            "regularization": log_between(0.1, 100.0),
            "weight": log_between(1.0, 40.0),
        },
    ),
    # Implicit feedback: the library's explicit mode predicts stars and is not meant for ranking a whole catalogue.
    "userknn": (
        on_frequent_items(fit_userknn),
        {"ratings": "all", "max_nbrs": 20, "min_nbrs": 1, "min_item_ratings": 1},
        {
            "ratings": any_of("all", "liked"),
            "max_nbrs": log_integer(10, 200),
            "min_nbrs": any_of(1, 2, 5),
            "min_item_ratings": any_of(1, 3, 10),
        },
    ),
}

if __name__ == "__main__":
    sys.exit(run_from_command_line(MODELS, version("lenskit")))
