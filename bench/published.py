"""Time of `recsys evaluate --train --test` on a split of a million interactions, as docs/published.md.

python -m bench.published
"""

import json
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.circumstances import circumstances
from bench.options import options
from bench.process import recsys
from recsys_core.testing import planted_interactions

__all__ = ["main"]

_TEXT = """# A split that somebody published

```bash
recsys evaluate --train train.csv --test test.csv --at 20 --json     # user and item columns; ratings if there are any
```

Nothing of the test file is used before the end. A fifth of the training file's people (at most 5,000; at least 5 rows
each) are validated on: a fifth of their rows is hidden, by a hash, all else of the training file is what the candidates
are fitted on, and the hidden rows are to be found. Weights and parameters are tuned for NDCG at the shortest `--at`.
Then every model is fitted on the whole training file with what was found, and every person of the test file is judged
on a full ranking of what their training rows do not have. The default budget is the pipeline's; `--trials` and
`--time-budget` change it.

**{n_ratings:,} interactions of {n_users:,} people and {n_items:,} titles, {n_train:,} of them to train on:
{seconds:.0f} s, peak memory {peak:.1f} GiB**, nobody watching. The interactions are drawn at random in
MovieLens 1M's shape (planted tastes, long-tailed popularity), since the real ones may not be redistributed: the times
mean something, the figures compare models on this file alone.

{circumstances}

{table}

## What is not known

MovieLens 1M in the BARS split was not at hand where this was measured, so whether the hybrid reaches NDCG@20 of .2700
and Recall@20 of .2820 there is open; the command above answers it for whoever has the two files.
"""


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.published", __doc__, "docs/published.md")
    parser.add_argument("--draws", type=int, default=1_750_000)
    parser.add_argument("--users", type=int, default=6_040)
    parser.add_argument("--items", type=int, default=3_700)
    parser.add_argument("--trials", type=int, help="of tuning in all (default: the pipeline's)")
    arguments = parser.parse_args(argv)
    rows = planted_interactions(arguments.users, arguments.items, arguments.draws, seed=1)
    tested = np.random.default_rng(0).random(rows.n_ratings) < 0.2
    with tempfile.TemporaryDirectory(prefix="recsys-published-") as folder:
        pairs = np.column_stack([rows.user_ids[rows.user_nums()], rows.item_ids[rows.ratings.indices]])
        for name, part in (("train", ~tested), ("test", tested)):
            np.savetxt(
                f"{folder}/{name}.csv", pairs[part], fmt="%d", delimiter=",", header="userId,movieId", comments=""
            )
        files = ["--train", f"{folder}/train.csv", "--test", f"{folder}/test.csv"]
        trials = ["--trials", str(arguments.trials)] if arguments.trials else []
        finished = recsys(["evaluate", "--at", "20", "--json", *files, *trials])
    report = json.loads(finished.printed)
    text = _TEXT.format(
        circumstances=circumstances("bench.published", argv),
        n_ratings=rows.n_ratings,
        n_users=rows.n_users,
        n_items=rows.n_items,
        n_train=int((~tested).sum()),
        seconds=finished.seconds,
        peak=finished.peak_mib / 1024,
        table=_table(report),
    )
    arguments.out.write_text(text, encoding="utf-8")
    print(text)


def _table(report: dict[str, Any]) -> str:
    rows = []
    for model, found in report["models"].items():
        cells = [found[name] for name in ("ndcg@20", "recall@20", "precision@20")]
        told = " | ".join(f"{cell['mean']:.4f} [{cell['ci_low']:.4f}, {cell['ci_high']:.4f}]" for cell in cells)
        rows.append(f"| {model} | {told} |")
    return "\n".join(["| model | NDCG@20 | Recall@20 | Precision@20 |", "|---|---:|---:|---:|", *rows])


if __name__ == "__main__":
    main()
