"""The functions of this project: what its assets call, without Dagster and MLflow."""

import sys
import tempfile
from pathlib import Path

import numpy as np
from stages import CUT, FACTORS, ITERATIONS, LIKED, REGULARIZATION, K, Stages, ndcg

from recsys_core.dataset.interactions import build_user_items
from recsys_core.dataset.schema import MOVIELENS
from recsys_core.dataset.table_folders import CleanTable
from recsys_core.dataset.tables import interactions_of
from recsys_core.ranking import product_top_k
from recsys_core.reading import read_table
from recsys_core.sources.als import ALSParameters, fit_als


def main(ratings_file: str) -> None:
    stages = Stages()
    with tempfile.TemporaryDirectory(prefix="recsys-side-by-side-") as folder:
        with stages.stage("read"):
            read_table(Path(ratings_file), MOVIELENS.table("ratings"), Path(folder))
        with stages.stage("split and matrix"):
            everything = interactions_of(CleanTable(Path(folder), {}), "ratings")
            users, items = everything.user_ids[everything.user_nums()], everything.item_ids[everything.ratings.indices]
            values, times = everything.ratings.data, everything.timestamps
            past = times <= np.quantile(times, CUT)
            train = build_user_items(users[past], items[past], values[past], times[past])
            liked = ~past & (values >= LIKED)
            liked &= np.isin(users, train.user_ids) & np.isin(items, train.item_ids)
            later = np.searchsorted(train.user_ids, users[liked]), np.searchsorted(train.item_ids, items[liked])
            del everything, users, items, values, times
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
