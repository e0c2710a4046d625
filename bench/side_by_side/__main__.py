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

from bench.accuracy.peers.environments import make_environment
from bench.options import options
from bench.page import write_page
from bench.process import run
from pipelines.settings import REPOSITORY
from recsys_core.plotting import Table
from recsys_core.synthesis import Shape, write_folder

__all__ = ["main"]

_HERE = Path(__file__).parent
_REQUIREMENTS = REPOSITORY / "bench/accuracy/peers/rectools/requirements.txt"
_NAMES = {
    "ours": "this project",
    "ours from_sample": "this project, as its pipeline fits",
    "by_hand": "implicit by hand",
    "with_rectools": "RecTools",
}
"""Scripts, with what they are asked, and what they are called in the table."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.side_by_side", __doc__, "docs/side-by-side.md", workspace=True)
    parser.add_argument("--ratings", type=int, default=25_000_095)
    parser.add_argument("--no-peers", action="store_true", help="RecTools, which needs an environment of its own, not")
    arguments = parser.parse_args(argv)
    pythons = {name: sys.executable for name in _NAMES if name != "with_rectools"}
    if not arguments.no_peers:
        pythons["with_rectools"] = str(make_environment(_REQUIREMENTS, arguments.workspace / "peers" / "rectools"))
    with tempfile.TemporaryDirectory(prefix="recsys-side-by-side-") as folder:
        write_folder(Path(folder) / "data", Shape.of(arguments.ratings), seed=0)
        ratings = Path(folder) / "data" / "ratings.csv"
        reports = {name: _report(python, name, ratings) for name, python in pythons.items()}
    write_page(arguments.out, "bench.side_by_side", argv, n_ratings=arguments.ratings, stages=_table(reports))


def _report(python: str, name: str, ratings: Path) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OPENBLAS_NUM_THREADS": "1"}
    script, *asked = name.split()
    finished = run(name, [python, str(_HERE / f"{script}.py"), str(ratings), *asked], env=environment)
    print(f"{name}: done")
    return {**json.loads(finished.printed), "peak_mib": finished.peak_mib}


def _table(reports: dict[str, dict[str, Any]]) -> Table:
    """A job in each row; the last columns are this project's figures over the row's."""
    stages = [*next(iter(reports.values()))["seconds"]]
    totals = {name: sum(report["seconds"].values()) for name, report in reports.items()}
    ours = reports["ours"]
    rows = [
        (
            _NAMES[name],
            *(f"{report['seconds'][stage]:.1f}" for stage in stages),
            f"{totals[name]:.1f}",
            f"{report['peak_mib']:,.0f} MiB",
            f"{report['ndcg']:.4f}",
            f"{totals['ours'] / totals[name]:.2f}",
            f"{ours['peak_mib'] / report['peak_mib']:.2f}",
        )
        for name, report in reports.items()
    ]
    told = ("all", "peak memory", "NDCG@20", "time: ours / theirs", "memory: ours / theirs")
    return Table(("seconds", *stages, *told), tuple(rows))


if __name__ == "__main__":
    main()
