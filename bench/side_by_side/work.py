"""The same work three times, by one of these functions in each process: work.py NAME RATINGS_FILE.

Only NumPy is imported for all of them: RecTools has an environment of its own.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

CUT = 0.9  # of the ratings, in time, are learnt from
LIKED = 4.0  # of the others, from here on
FACTORS, ITERATIONS, REGULARIZATION = 64, 15, 20.0
K = 20
SECONDS: dict[str, float] = {}
"""Of each stage, one after the other."""


@contextmanager
def stage(name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    SECONDS[name] = time.perf_counter() - started


def ours(ratings_file: str, *, from_sample: bool = False) -> float:
    """The functions of this project: what its assets call, without Dagster and MLflow.

    from_sample  ALS from the factors of some of the users, as the pipeline does, instead of from scratch
    """
    from recsys_core.dataset.declaration import MOVIELENS
    from recsys_core.dataset.numbering import positions_in
    from recsys_core.dataset.table_folders import CleanTable
    from recsys_core.dataset.tables import interactions_of
    from recsys_core.ranking import product_top_k
    from recsys_core.reading import read_table
    from recsys_core.sources.als import KIND, ALSParameters, fit_als
    from recsys_core.splitting.parts import without_empty
    from recsys_core.tuning import TuningParameters

    with tempfile.TemporaryDirectory(prefix="recsys-side-by-side-") as folder:
        with stage("read"):
            read_table(Path(ratings_file), MOVIELENS.table("ratings"), Path(folder))
        with stage("split and matrix"):
            everything = interactions_of(CleanTable(Path(folder), {}), "ratings")
            past = everything.timestamps <= np.quantile(everything.timestamps, CUT)
            train = without_empty(everything.select(past))
            liked = everything.select(~past & (everything.ratings.data >= LIKED)).with_items(train.item_ids)
            users = positions_in(train.user_ids, liked.user_ids)[liked.user_nums()]
            later = users[users >= 0], liked.ratings.indices[users >= 0]
            del everything
    with stage("fit"):
        parameters = ALSParameters(
            factors=FACTORS,
            iterations=ITERATIONS,
            regularization=REGULARIZATION,
            confidence_weight=5.0,
            rating_power=3.0,
            warm_ratings=0,  # of how many ratings there are, too, training starts where it is told to
        )
        start = None
        if from_sample:  # of users whose regularisation comes to the same
            n_sampled = min(TuningParameters().sample_users, train.n_users)
            some = np.sort(np.random.default_rng(0).choice(train.n_users, n_sampled, replace=False))
            assert KIND.on_sample is not None
            fewer = KIND.on_sample(parameters, n_sampled / train.n_users)
            start = fit_als(train.ratings[some], train.item_ids, fewer, feedback=MOVIELENS.feedback)
        model = fit_als(train.ratings, train.item_ids, parameters, feedback=MOVIELENS.feedback, start=start)
    with stage("top 20 for all"):
        best = product_top_k(model.fold_in(train.ratings), model.item_side, K, seen=train.ratings)
        lists = best.padded(train.n_users, K)
    with stage("NDCG"):
        return ndcg(lists, *later)


def by_hand(ratings_file: str) -> float:
    """implicit as its documentation shows it: pandas, a CSR matrix, fit, recommend."""
    import pandas as pd

    with stage("read"):
        ratings = pd.read_csv(ratings_file)
    with stage("split and matrix"):
        from scipy.sparse import csr_matrix

        train, later = split_in_time(ratings)
        user_nums, user_ids = pd.factorize(train.userId, sort=True)
        item_nums, item_ids = pd.factorize(train.movieId, sort=True)
        seen = csr_matrix((np.ones(len(train), np.float32), (user_nums, item_nums)))
        matrix = csr_matrix((confidence(train.rating.to_numpy()), (user_nums, item_nums)), shape=seen.shape)
        matrix.eliminate_zeros()
    with stage("fit"):
        from implicit.cpu.als import AlternatingLeastSquares

        model = AlternatingLeastSquares(FACTORS, regularization=REGULARIZATION, alpha=1, iterations=ITERATIONS)
        model.fit(matrix, show_progress=False)
    with stage("top 20 for all"):
        lists, _ = model.recommend(np.arange(len(user_ids)), seen, N=K, filter_already_liked_items=True)
    with stage("NDCG"):
        return ndcg_of_known(lists, later, user_ids, item_ids)


def with_rectools(ratings_file: str) -> float:
    """RecTools as its documentation shows it."""
    import pandas as pd

    with stage("read"):
        ratings = pd.read_csv(ratings_file)
    with stage("split and matrix"):
        from rectools import Columns
        from rectools.dataset import Dataset

        train, later = split_in_time(ratings)
        names = {"userId": Columns.User, "movieId": Columns.Item, "timestamp": Columns.Datetime}
        train = train.rename(columns=names).assign(**{Columns.Weight: confidence(train.rating.to_numpy())})
        dataset = Dataset.construct(train)
    with stage("fit"):
        from implicit.cpu.als import AlternatingLeastSquares
        from rectools.models import ImplicitALSWrapperModel

        als = AlternatingLeastSquares(FACTORS, regularization=REGULARIZATION, alpha=1, iterations=ITERATIONS)
        model = ImplicitALSWrapperModel(als)
        model.fit(dataset)
    with stage("top 20 for all"):
        table = model.recommend(train[Columns.User].unique(), dataset, k=K, filter_viewed=True)
    with stage("NDCG"):
        user_ids, item_ids = np.sort(train[Columns.User].unique()), np.sort(train[Columns.Item].unique())
        lists = np.full((len(user_ids), K), -1)
        places = np.searchsorted(user_ids, table[Columns.User]), table[Columns.Rank].to_numpy() - 1
        lists[places] = np.searchsorted(item_ids, table[Columns.Item])
        return ndcg_of_known(lists, later, user_ids, item_ids)


def split_in_time(ratings: Any) -> tuple[Any, Any]:
    """A frame of ratings up to the cut, and those behind it."""
    past = ratings.timestamp <= ratings.timestamp.quantile(CUT)
    return ratings[past], ratings[~past]


def ndcg_of_known(lists: Any, later: Any, user_ids: Any, item_ids: Any) -> float:
    """:func:`ndcg` on what was liked ``later``; ``lists`` hold numbers among the sorted ids of training."""
    liked = later[(later.rating >= LIKED) & later.userId.isin(user_ids) & later.movieId.isin(item_ids)]
    return ndcg(lists, np.searchsorted(user_ids, liked.userId), np.searchsorted(item_ids, liked.movieId))


def confidence(ratings: Any) -> Any:
    """1 + 5·(share of the best rating)³, and 0, as not observed, below the scale's middle."""
    return np.where(ratings < 3.0, 0.0, 1.0 + 5.0 * (ratings / 5.0) ** 3).astype(np.float32)


def ndcg(lists: Any, users: Any, items: Any) -> float:
    """Mean NDCG@K of the users among the targets (``users``, ``items``), numbers; the ideal has all targets first.

    ``lists`` (n_users, K) hold -1 for none.
    """
    n_items = int(max(lists.max(), items.max())) + 1
    keys = np.unique(users.astype(np.int64) * n_items + items)
    asked, n_targets = np.unique(keys // n_items, return_counts=True)
    wanted = np.where(lists[asked] >= 0, asked[:, None] * n_items + lists[asked], -1)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    discounts = 1 / np.log2(np.arange(2, K + 2))
    gains = ((keys[places] == wanted) * discounts).sum(axis=1)
    return float((gains / np.cumsum(discounts)[np.minimum(n_targets, K) - 1]).mean())


if __name__ == "__main__":
    work = {function.__name__: function for function in (ours, by_hand, with_rectools)}
    work["ours_from_sample"] = partial(ours, from_sample=True)
    found = work[sys.argv[1]](sys.argv[2])
    json.dump({"seconds": SECONDS, "ndcg": found}, sys.stdout)
