"""implicit as its documentation shows it: pandas, a CSR matrix, fit, recommend."""

import sys

import numpy as np
import pandas as pd
from stages import FACTORS, ITERATIONS, REGULARIZATION, K, Stages, confidence, ndcg_of_known, split_in_time


def main(ratings_file: str) -> None:
    stages = Stages()
    with stages.stage("read"):
        ratings = pd.read_csv(ratings_file)
    with stages.stage("split and matrix"):
        from scipy.sparse import csr_matrix

        train, later = split_in_time(ratings)
        user_nums, user_ids = pd.factorize(train.userId, sort=True)
        item_nums, item_ids = pd.factorize(train.movieId, sort=True)
        seen = csr_matrix((np.ones(len(train), np.float32), (user_nums, item_nums)))
        matrix = csr_matrix((confidence(train.rating.to_numpy()), (user_nums, item_nums)), shape=seen.shape)
        matrix.eliminate_zeros()
    with stages.stage("fit"):
        from implicit.cpu.als import AlternatingLeastSquares

        model = AlternatingLeastSquares(FACTORS, regularization=REGULARIZATION, alpha=1, iterations=ITERATIONS)
        model.fit(matrix, show_progress=False)
    with stages.stage("top 20 for all"):
        everybody = np.arange(len(user_ids))
        lists, _ = model.recommend(everybody, seen, N=K, filter_already_liked_items=True)
    with stages.stage("NDCG"):
        found = ndcg_of_known(lists, later, user_ids, item_ids)
    stages.tell(found)


if __name__ == "__main__":
    main(sys.argv[1])
