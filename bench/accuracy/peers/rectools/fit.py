"""RecTools' EASE. New users are in the data set that it is given to recommend from, as its ``recommend`` allows.

Its other models that can take new users at all are implicit's (measured on their own), or its transformers, which need
the order in time, and a job has no times. PureSVD and LightFM answer only for users of their training data.

Runs in its own environment (requirements.txt) and imports nothing of this project but ``peer_job``, which is on the
path when ``bench.accuracy.peers.run_peer`` starts it.
"""

import sys
from importlib.metadata import version

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from peer_job import (
    RATINGS,
    Parameters,
    Recommend,
    any_of,
    log_between,
    mapped,
    on_frequent_items,
    run_from_command_line,
    without_known,
)
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import EASEModel
from scipy.sparse import csr_matrix


def interactions(weights: csr_matrix, first_user: int) -> pd.DataFrame:
    rows = weights.tocoo()
    return pd.DataFrame(
        {
            Columns.User: rows.row.astype(np.int64) + first_user,
            Columns.Item: rows.col.astype(np.int64),
            Columns.Weight: rows.data.astype(np.float32),
            Columns.Datetime: pd.Timestamp("2020-01-01"),
        }
    )


def fit_ease(train: csr_matrix, parameters: Parameters, seed: int) -> Recommend:
    trained = interactions(mapped(train, parameters["ratings"]), 0)
    model = EASEModel(regularization=parameters["regularization"], recommend_n_threads=1)
    model.fit(Dataset.construct(trained))
    n_train = train.shape[0]

    def recommend(known: csr_matrix, k: int) -> NDArray[np.int32]:
        # Training rows come first, so that items have the numbers they had when the model was fitted.
        added = interactions(mapped(known, parameters["ratings"], folded_in=True), n_train)
        added = added[added[Columns.Item].isin(trained[Columns.Item])]
        table = model.recommend(
            users=added[Columns.User].unique(),
            dataset=Dataset.construct(pd.concat([trained, added], ignore_index=True)),
            k=min(trained[Columns.Item].nunique(), k + int(np.diff(known.indptr).max())),
            filter_viewed=False,
        )
        found = {user: group[Columns.Item].to_numpy() for user, group in table.groupby(Columns.User, sort=False)}
        nothing = np.zeros(0, dtype=np.int64)
        ranked = (found.get(n_train + row, nothing) for row in range(known.shape[0]))
        lists: NDArray[np.int32] = without_known(ranked, known, k)
        return lists

    return recommend


MODELS = {
    "ease": (
        on_frequent_items(fit_ease),
        {"ratings": "all", "regularization": 500.0, "min_item_ratings": 10},
        {
            "ratings": any_of(*RATINGS),
            "regularization": log_between(10.0, 5_000.0),
            "min_item_ratings": any_of(5, 10),
        },
    ),
}

if __name__ == "__main__":
    sys.exit(run_from_command_line(MODELS, version("rectools")))
