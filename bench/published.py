"""Time of `recsys evaluate --train --test` on a split of a million interactions, as docs/published.md.

python -m bench.published
"""

import json
import tempfile
from collections.abc import Sequence

import numpy as np

from bench.options import options
from bench.page import write_page
from bench.process import recsys
from recsys_core.plotting import Table
from recsys_core.testing import heavy_raters

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.published", __doc__, "docs/published.md")
    parser.add_argument("--users", type=int, default=6_040)
    parser.add_argument("--items", type=int, default=3_706)
    parser.add_argument("--trials", type=int, help="of tuning in all (default: the pipeline's)")
    arguments = parser.parse_args(argv)
    data = heavy_raters(arguments.users, arguments.items, seed=1)
    tested = np.random.default_rng(0).random(data.n_ratings) < 0.2
    with tempfile.TemporaryDirectory(prefix="recsys-published-") as folder:
        pairs = np.column_stack([data.user_ids[data.user_nums()], data.item_ids[data.ratings.indices]])
        for name, part in (("train", ~tested), ("test", tested)):
            np.savetxt(
                f"{folder}/{name}.csv", pairs[part], fmt="%d", delimiter=",", header="userId,movieId", comments=""
            )
        files = ["--train", f"{folder}/train.csv", "--test", f"{folder}/test.csv"]
        trials = ["--trials", str(arguments.trials)] if arguments.trials else []
        finished = recsys(["evaluate", "--at", "20", "--json", *files, *trials])
    metrics = ("ndcg@20", "recall@20", "precision@20")
    rows = tuple(
        (model, *("{mean:.4f} [{ci_low:.4f}, {ci_high:.4f}]".format(**found[name]) for name in metrics))
        for model, found in json.loads(finished.printed)["models"].items()
    )
    write_page(
        arguments.out,
        "bench.published",
        argv,
        data=data,
        n_train=int((~tested).sum()),
        seconds=finished.seconds,
        peak=finished.peak_mib / 1024,
        table=Table(("model", "NDCG@20", "Recall@20", "Precision@20"), rows),
    )


if __name__ == "__main__":
    main()
