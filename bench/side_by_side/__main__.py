"""The same file and the same work by this project, by RecTools and by hand, as docs/side-by-side.md.

python -m bench.side_by_side                       # 25 million ratings
python -m bench.side_by_side --ratings 200000
"""

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.accuracy.peers import PEERS
from bench.accuracy.peers.environments import make_environment
from bench.options import options
from bench.page import write_page
from bench.process import run
from pipelines.settings import REPOSITORY
from recsys_core.plotting import Table
from recsys_core.synthesis import Shape, write_folder

__all__ = ["main"]

_RECTOOLS = "with_rectools"
_NAMES = {
    "ours": "this project",
    "ours_from_sample": "this project, as its pipeline fits",
    "by_hand": "implicit by hand",
    _RECTOOLS: "RecTools",
}
"""Functions of work.py, and what they are called in the table."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.side_by_side", __doc__, "docs/side-by-side.md", workspace=True)
    parser.add_argument("--ratings", type=int, default=25_000_095)
    parser.add_argument("--no-peers", action="store_true", help="RecTools, which needs an environment of its own, not")
    arguments = parser.parse_args(argv)
    pythons = {name: sys.executable for name in _NAMES if name != _RECTOOLS}
    if not arguments.no_peers:
        place = arguments.workspace / "peers" / "rectools"
        pythons[_RECTOOLS] = str(make_environment(PEERS["rectools_ease"].requirements, place))
    with tempfile.TemporaryDirectory(prefix="recsys-side-by-side-") as folder:
        write_folder(Path(folder) / "data", Shape.of(arguments.ratings), seed=0)
        ratings = Path(folder) / "data" / "ratings.csv"
        reports = {name: _report(python, name, ratings) for name, python in pythons.items()}
    write_page(arguments.out, "bench.side_by_side", argv, n_ratings=arguments.ratings, stages=_table(reports))


def _report(python: str, name: str, ratings: Path) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OPENBLAS_NUM_THREADS": "1"}
    command = [python, str(Path(__file__).with_name("work.py")), name, str(ratings)]
    finished = run(name, command, env=environment)
    print(f"{name}: done")
    return {**json.loads(finished.printed), "peak_mib": finished.peak_mib}


def _table(reports: dict[str, dict[str, Any]]) -> Table:
    """A job in each row; the last columns are this project's figures over the row's."""
    ours = reports["ours"]
    rows = []
    for name, report in reports.items():
        seconds, peak_mib = [*report["seconds"].values()], report["peak_mib"]
        cells = [*(f"{took:.1f}" for took in (*seconds, sum(seconds))), f"{peak_mib:,.0f} MiB", f"{report['ndcg']:.4f}"]
        ratios = sum(ours["seconds"].values()) / sum(seconds), ours["peak_mib"] / peak_mib
        rows.append((_NAMES[name], *cells, *(f"{ratio:.2f}" for ratio in ratios)))
    told = ("all", "peak memory", "NDCG@20", "time: ours / theirs", "memory: ours / theirs")
    return Table(("seconds", *ours["seconds"], *told), tuple(rows))


if __name__ == "__main__":
    main()
