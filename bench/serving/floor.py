"""implicit's own `recommend` for the same users and factors, without any server: the floor.

python -m bench.serving.floor FOLDER N
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from recsys_core.bundle import ListOptions, ModelBundle

__all__ = ["floor"]


def floor(folder: Path, n_users: int) -> dict[str, list[float]]:
    """Seconds of single calls for ``n_users`` users, by what is called: implicit, and the bundle in ``folder``."""
    bundle = ModelBundle.load(folder)
    bundle.warm_up()
    als, known = bundle.model.als, bundle.known
    theirs = AlternatingLeastSquares(
        factors=als.item_factors.shape[1], regularization=als.parameters.regularization, num_threads=1
    )
    theirs.item_factors, theirs.user_factors = als.item_factors, als.user_factors
    options = {"N": 10, "filter_already_liked_items": True}
    calls: dict[str, Callable[[int, csr_matrix], object]] = {
        "implicit, stored factors": lambda user, row: theirs.recommend(user, row, **options),
        "implicit, folded in": lambda user, row: theirs.recommend(0, row, recalculate_user=True, **options),
        "ours, ALS alone, folded in": lambda user, row: bundle.recommend_for_user(
            int(known.user_ids[user]), ListOptions(model="als")
        ),
        "ours, hybrid": lambda user, row: bundle.recommend_for_user(int(known.user_ids[user]), ListOptions()),
    }
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    chosen = np.random.default_rng(3).choice(known.n_users, min(n_users, known.n_users), replace=False)
    with threadpool_limits(1):
        for user in chosen.tolist():
            row = known.ratings[user]
            for name, call in calls.items():
                started = time.perf_counter()
                call(user, row)
                seconds[name].append(time.perf_counter() - started)
    return seconds


if __name__ == "__main__":
    print(json.dumps(floor(Path(sys.argv[1]), int(sys.argv[2]))))
