"""implicit's own `recommend` for the same users and factors, without any server: the floor.

python -m bench.serving.floor FOLDER N
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from implicit.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from recsys_core.bundle import ListOptions, ModelBundle

__all__ = ["floor"]


def floor(folder: Path, n_users: int) -> dict[str, list[float]]:
    """Seconds of single calls for ``n_users`` users: implicit's with stored factors and with a fold-in, and ours."""
    bundle = ModelBundle.load(folder)
    bundle.warm_up()
    als = bundle.model.als
    theirs = AlternatingLeastSquares(
        factors=als.item_factors.shape[1], regularization=als.parameters.regularization, num_threads=1
    )
    theirs.item_factors, theirs.user_factors = als.item_factors, als.user_factors
    known = bundle.known
    chosen = np.random.default_rng(3).choice(known.n_users, min(n_users, known.n_users), replace=False)
    seconds: dict[str, list[float]] = {"stored": [], "folded_in": [], "ours": [], "ours_als": []}
    for user in chosen.tolist():
        row = known.ratings[user]
        with threadpool_limits(1):
            started = time.perf_counter()
            theirs.recommend(user, row, N=10, filter_already_liked_items=True)
            seconds["stored"].append(time.perf_counter() - started)
            started = time.perf_counter()
            theirs.recommend(0, row, N=10, filter_already_liked_items=True, recalculate_user=True)
            seconds["folded_in"].append(time.perf_counter() - started)
            user_id = int(known.user_ids[user])
            started = time.perf_counter()
            bundle.recommend_for_user(user_id, ListOptions())
            seconds["ours"].append(time.perf_counter() - started)
            started = time.perf_counter()
            bundle.recommend_for_user(user_id, ListOptions(model="als"))
            seconds["ours_als"].append(time.perf_counter() - started)
    return seconds


if __name__ == "__main__":
    print(json.dumps(floor(Path(sys.argv[1]), int(sys.argv[2]))))
