"""RecTools' EASE, and its ALS with features of items.

EASE's new users are in the data set that it is given to recommend from, as its ``recommend`` allows. Its ALS answers
only for users of its training data: what it learnt of items is given back to implicit, which it wraps, to fold new
users in. Without features it is implicit's own, which is measured as ``implicit_als``. Its transformers need the order
in time, and a job has no times; the LightFM that it wraps is measured as ``lightfm_warp``.
"""

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
import peer_job
from implicit.cpu.als import AlternatingLeastSquares
from numpy.typing import NDArray
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import EASEModel, ImplicitALSWrapperModel
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import svds

N_COMPONENTS = 64


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


def main_components(features: csr_matrix) -> pd.DataFrame:
    """Of shape (n_items, N_COMPONENTS): the library makes every feature a dense factor, and there are thousands."""
    left, values, _ = svds(features.astype(np.float64), k=N_COMPONENTS, v0=np.ones(min(features.shape)))
    return pd.DataFrame(left * values)


def fit_als_features(
    weights: csr_matrix, own: peer_job.Parameters, seed: int, features: csr_matrix
) -> Callable[[csr_matrix], NDArray[np.float64]]:
    options = {"regularization": own["regularization"], "alpha": own["confidence_weight"]}
    options |= {"iterations": own["iterations"], "num_threads": 1, "random_state": seed}
    n_latent, together = own["factors"], own["fit_features_together"]
    trained = interactions(weights, 0)
    described = main_components(features) * own["feature_weight"]
    described = described.loc[trained[Columns.Item].unique()].reset_index(names="id")
    dataset = Dataset.construct(trained, item_features_df=described, make_dense_item_features=True)
    model = ImplicitALSWrapperModel(AlternatingLeastSquares(factors=n_latent, **options), together)
    _, items = model.fit(dataset).get_vectors()
    columns = dataset.item_id_map.external_ids
    # Fitted separately, a user's factors of the features are solved for by themselves, as in the library.
    blocks = [items] if together else [items[:, :n_latent], items[:, n_latent:]]

    def score(rows: csr_matrix) -> NDArray[np.float64]:
        scores = np.full(rows.shape, np.nan)
        scores[:, columns] = 0
        for block in blocks:
            folded = AlternatingLeastSquares(factors=block.shape[1], **options)
            folded.item_factors = np.ascontiguousarray(block, dtype=np.float32)
            users = folded.recalculate_user(np.arange(rows.shape[0]), rows[:, columns].tocsr())
            scores[:, columns] += users @ folded.item_factors.T
        return scores

    return score


MODELS = {
    "ease": (
        peer_job.on_frequent_items(peer_job.ranked(fit_ease)),
        {"ratings": "all", "regularization": 500.0, "min_item_ratings": 10},
        {
            "ratings": peer_job.any_of(*peer_job.RATINGS),
            "regularization": peer_job.log_between(10.0, 5_000.0),
            "min_item_ratings": peer_job.any_of(5, 10),
        },
    ),
    "als_features": (
        peer_job.scored(fit_als_features),
        {**peer_job.ALS_DEFAULTS, "fit_features_together": False, "feature_weight": 1.0},
        {
            **peer_job.ALS_SPACE,
            "fit_features_together": peer_job.any_of(True, False),
            "feature_weight": peer_job.log_between(0.1, 3.0),
        },
    ),
}

if __name__ == "__main__":
    sys.exit(peer_job.run_from_command_line(MODELS, version("rectools")))
