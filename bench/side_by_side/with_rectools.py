"""RecTools as its documentation shows it."""

import sys

import numpy as np
import pandas as pd
from stages import CUT, FACTORS, ITERATIONS, LIKED, REGULARIZATION, K, Stages, confidence, ndcg


def main(ratings_file: str) -> None:
    stages = Stages()
    with stages.stage("read"):
        ratings = pd.read_csv(ratings_file)
    with stages.stage("split and matrix"):
        from rectools import Columns
        from rectools.dataset import Dataset

        past = ratings.timestamp <= ratings.timestamp.quantile(CUT)
        train, later = ratings[past], ratings[~past]
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
        later = later[(later.rating >= LIKED) & later.userId.isin(user_ids) & later.movieId.isin(item_ids)]
        users, items = np.searchsorted(user_ids, later.userId), np.searchsorted(item_ids, later.movieId)
        found = ndcg(lists, users, items)
    stages.tell(found)


if __name__ == "__main__":
    main(sys.argv[1])
