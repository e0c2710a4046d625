"""LensKit's implicit matrix factorisation, neighbours and EASE. New users are queries with their own items."""

import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
import peer_job
from lenskit.als import ImplicitMFScorer
from lenskit.data import ItemList, RecQuery, from_interactions_df
from lenskit.knn import EASEScorer, ItemKNNScorer, UserKNNScorer
from lenskit.training import TrainingOptions
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

os.environ.update(LK_NUM_PROCS="1", LK_NUM_THREADS="1", LK_NUM_BACKEND_THREADS="1")  # read when training begins


def scored(made: Callable[[csr_matrix, peer_job.Parameters], Any]) -> peer_job.Fit:
    """A model whose component is made of weights and parameters."""

    def fit(weights: csr_matrix, own: peer_job.Parameters, seed: int) -> Callable[[csr_matrix], NDArray[np.float64]]:
        scorer, rows = made(weights, own), weights.tocoo()
        table = pd.DataFrame({"user_id": rows.row, "item_id": rows.col, "rating": rows.data})
        scorer.train(from_interactions_df(table, rating_col="rating"), TrainingOptions(rng=seed))
        everything = ItemList(item_ids=np.arange(weights.shape[1]))
        trained_on = np.bincount(weights.indices, minlength=weights.shape[1]) > 0

        def score(rows: csr_matrix) -> NDArray[np.float64]:
            scores = np.full(rows.shape, np.nan)
            for row in range(rows.shape[0]):
                of_user = np.arange(rows.indptr[row], rows.indptr[row + 1])
                of_user = of_user[trained_on[rows.indices[of_user]]]  # an item that it has not met ends ItemKNNScorer
                history = ItemList(item_ids=rows.indices[of_user], rating=rows.data[of_user])
                if len(history):
                    scores[row] = scorer(RecQuery(history_items=history), everything).scores()
            return scores

        return score

    return peer_job.scored(fit)


MODELS = {
    "ials": (
        scored(lambda weights, own: ImplicitMFScorer(use_ratings=bool((weights.data != 1).any()), **own)),
        {"ratings": "all", "embedding_size": 50, "epochs": 10, "regularization": 0.1, "weight": 40.0},
        {
            "ratings": peer_job.any_of(*peer_job.RATINGS),
            "embedding_size": peer_job.log_integer(24, 96),  # at 160 one fit takes longer than all others together
            "epochs": peer_job.log_integer(8, 25),
            "regularization": peer_job.log_between(0.1, 100.0),
            "weight": peer_job.log_between(1.0, 40.0),
        },
    ),
    # Implicit feedback: the library's explicit mode predicts stars and is not meant for ranking a whole catalogue.
    "userknn": (
        peer_job.on_frequent_items(scored(lambda _, own: UserKNNScorer(feedback="implicit", **own))),
        {"ratings": "all", "max_nbrs": 20, "min_nbrs": 1, "min_item_ratings": 1},
        {
            "ratings": peer_job.any_of("all", "liked"),
            "max_nbrs": peer_job.log_integer(10, 200),
            "min_nbrs": peer_job.any_of(1, 2, 5),
            "min_item_ratings": peer_job.any_of(1, 3, 10),
        },
    ),
    "itemknn": (
        peer_job.on_frequent_items(scored(lambda _, own: ItemKNNScorer(feedback="implicit", **own))),
        {"ratings": "all", "max_nbrs": 20, "min_nbrs": 1, "save_nbrs": None, "min_item_ratings": 1},
        {
            "ratings": peer_job.any_of("all", "liked"),
            "max_nbrs": peer_job.log_integer(10, 200),
            "min_nbrs": peer_job.any_of(1, 2, 5),
            "save_nbrs": peer_job.any_of(None, 100, 500),
            "min_item_ratings": peer_job.any_of(1, 3, 10),
        },
    ),
    # The library counts who rated both of two items, and never how high.
    "ease": (
        peer_job.on_frequent_items(scored(lambda _, own: EASEScorer(**own))),
        {"ratings": "all", "regularization": 1.0, "min_item_ratings": 5},
        {
            "ratings": peer_job.any_of("all", "liked"),
            "regularization": peer_job.log_between(1.0, 5_000.0),
            "min_item_ratings": peer_job.any_of(5, 10),
        },
    ),
}

if __name__ == "__main__":
    sys.exit(peer_job.run_from_command_line(MODELS, version("lenskit")))
