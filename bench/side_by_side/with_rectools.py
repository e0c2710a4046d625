"""RecTools as its documentation shows it."""

import sys

import numpy as np
import pandas as pd
from stages import FACTORS, ITERATIONS, REGULARIZATION, K, Stages, confidence, ndcg_of_known, split_in_time


def main(ratings_file: str) -> None:
    stages = Stages()
    with stages.stage("read"):
        ratings = pd.read_csv(ratings_file)
    with stages.stage("split and matrix"):
        from rectools import Columns
        from rectools.dataset import Dataset

        train, later = split_in_time(ratings)
        names = {"userId": Columns.User, "movieId": Columns.Item, "timestamp": Columns.Datetime}
        train = train.rename(columns=names).assign(**{Columns.Weight: confidence(train.rating.to_numpy())})
        dataset = Dataset.construct(train)
    with stages.stage("fit"):
        from implicit.cpu.als import AlternatingLeastSquares
        from rectools.models import ImplicitALSWrapperModel

        als = AlternatingLeastSquares(FACTORS, regularization=REGULARIZATION, alpha=1, iterations=ITERATIONS)
        model = ImplicitALSWrapperModel(als)
        model.fit(dataset)
    with stages.stage("top 20 for all"):
        table = model.recommend(train[Columns.User].unique(), dataset, k=K, filter_viewed=True)
    with stages.stage("NDCG"):
        user_ids, item_ids = np.sort(train[Columns.User].unique()), np.sort(train[Columns.Item].unique())
        lists = np.full((len(user_ids), K), -1)
        places = np.searchsorted(user_ids, table[Columns.User]), table[Columns.Rank].to_numpy() - 1
        lists[places] = np.searchsorted(item_ids, table[Columns.Item])
        found = ndcg_of_known(lists, later, user_ids, item_ids)
    stages.tell(found)


if __name__ == "__main__":
    main(sys.argv[1])
