"""The functions of this project: what its assets call, without Dagster and MLflow."""

import sys
import tempfile
from pathlib import Path

import numpy as np
from stages import CUT, FACTORS, ITERATIONS, LIKED, REGULARIZATION, K, Stages, ndcg

from recsys_core.dataset.interactions import positions_in
from recsys_core.dataset.schema import MOVIELENS
from recsys_core.dataset.table_folders import CleanTable
from recsys_core.dataset.tables import interactions_of
from recsys_core.ranking import product_top_k
from recsys_core.reading import read_table
from recsys_core.sources.als import ALSParameters, fit_als
from recsys_core.splitting.parts import without_empty


def main(ratings_file: str) -> None:
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
        )
        model = fit_als(train.ratings, train.item_ids, parameters, feedback=MOVIELENS.feedback)
    with stages.stage("top 20 for all"):
        best = product_top_k(model.fold_in(train.ratings), model.item_side, K, seen=train.ratings)
        lists = best.padded(train.n_users, K)
    with stages.stage("NDCG"):
        found = ndcg(lists, *later)
    stages.tell(found)


if __name__ == "__main__":
    main(sys.argv[1])
