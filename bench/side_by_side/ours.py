"""The functions of this project: what its assets call, without Dagster and MLflow.

ours.py RATINGS_FILE [from_sample]: ALS from scratch, or from the factors of some of the users, as the pipeline does.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from stages import CUT, FACTORS, ITERATIONS, LIKED, REGULARIZATION, K, Stages, ndcg

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import UserItemMatrix, positions_in
from recsys_core.dataset.table_folders import CleanTable
from recsys_core.dataset.tables import interactions_of
from recsys_core.ranking import product_top_k
from recsys_core.reading import read_table
from recsys_core.sources.als import KIND, ALSModel, ALSParameters, fit_als
from recsys_core.splitting.parts import without_empty
from recsys_core.tuning import TuningParameters


def main(ratings_file: str, how: str = "") -> None:
    stages = Stages()
    with tempfile.TemporaryDirectory(prefix="recsys-side-by-side-") as folder:
        with stages.stage("read"):
            read_table(Path(ratings_file), MOVIELENS.table("ratings"), Path(folder))
        with stages.stage("split and matrix"):
            everything = interactions_of(CleanTable(Path(folder), {}), "ratings")
            past = everything.timestamps <= np.quantile(everything.timestamps, CUT)
            train = without_empty(everything.select(past))
            liked = everything.select(~past & (everything.ratings.data >= LIKED)).with_items(train.item_ids)
            users = positions_in(train.user_ids, liked.user_ids)[liked.user_nums()]
            later = users[users >= 0], liked.ratings.indices[users >= 0]
            del everything
    with stages.stage("fit"):
        parameters = ALSParameters(
            factors=FACTORS,
            iterations=ITERATIONS,
            regularization=REGULARIZATION,
            confidence_weight=5.0,
            rating_power=3.0,
            warm_ratings=0,  # of how many ratings there are, too, training starts where it is told to
        )
        start = _of_sample(train, parameters) if how == "from_sample" else None
        model = fit_als(train.ratings, train.item_ids, parameters, feedback=MOVIELENS.feedback, start=start)
    with stages.stage("top 20 for all"):
        best = product_top_k(model.fold_in(train.ratings), model.item_side, K, seen=train.ratings)
        lists = best.padded(train.n_users, K)
    with stages.stage("NDCG"):
        found = ndcg(lists, *later)
    stages.tell(found)


def _of_sample(train: UserItemMatrix, parameters: ALSParameters) -> ALSModel:
    """ALS on some of the users, whose regularisation comes to the same."""
    n_sampled = min(TuningParameters().sample_users, train.n_users)
    users = np.sort(np.random.default_rng(0).choice(train.n_users, n_sampled, replace=False))
    assert KIND.on_sample is not None
    found: ALSModel = fit_als(
        train.ratings[users],
        train.item_ids,
        KIND.on_sample(parameters, n_sampled / train.n_users),
        feedback=MOVIELENS.feedback,
    )
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
