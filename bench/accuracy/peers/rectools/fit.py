"""RecTools' EASE. New users are in the data set that it is given to recommend from, as its ``recommend`` allows.

Its other models that can take new users at all are implicit's (measured on their own), or its transformers, which need
the order in time, and a job has no times. PureSVD and LightFM answer only for users of their training data.
"""

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
import peer_job
from numpy.typing import NDArray
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


def fit_ease(weights: csr_matrix, own: peer_job.Parameters, seed: int) -> Callable[[csr_matrix, int], Any]:
    trained = interactions(weights, 0)
    model = EASEModel(regularization=own["regularization"], recommend_n_threads=1)
    model.fit(Dataset.construct(trained))
    n_train = weights.shape[0]

    def rank(rows: csr_matrix, n: int) -> Iterator[NDArray[np.int64]]:
        # Training rows come first, so that items have the numbers they had when the model was fitted.
        added = interactions(rows, n_train)
        added = added[added[Columns.Item].isin(trained[Columns.Item])]
        table = model.recommend(
            users=added[Columns.User].unique(),
            dataset=Dataset.construct(pd.concat([trained, added], ignore_index=True)),
            k=min(trained[Columns.Item].nunique(), n),
            filter_viewed=False,
        )
        found = {user: group[Columns.Item].to_numpy() for user, group in table.groupby(Columns.User, sort=False)}
        nothing = np.zeros(0, dtype=np.int64)
        return (found.get(n_train + row, nothing) for row in range(rows.shape[0]))

    return rank


MODELS = {
    "ease": (
        peer_job.on_frequent_items(peer_job.ranked(fit_ease)),
        {"ratings": "all", "regularization": 500.0, "min_item_ratings": 10},
        {
            "ratings": peer_job.any_of(*peer_job.RATINGS),
            "regularization": peer_job.log_between(10.0, 5_000.0),
            "min_item_ratings": peer_job.any_of(5, 10),
        },
    )
}

if __name__ == "__main__":
    sys.exit(peer_job.run_from_command_line(MODELS, version("rectools")))
