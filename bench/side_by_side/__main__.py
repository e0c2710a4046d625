"""The same file and the same work by this project, by RecTools and by hand, as docs/side-by-side.md.

python -m bench.side_by_side                       # 25 million ratings
python -m bench.side_by_side --ratings 200000
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.accuracy.peers.environments import make_environment
from bench.options import options
from bench.page import write_page
from pipelines.settings import REPOSITORY
from recsys_core.plotting import Table
from recsys_core.synthesis import Shape, write_folder

__all__ = ["main"]

_HERE = Path(__file__).parent
_REQUIREMENTS = REPOSITORY / "bench/accuracy/peers/rectools/requirements.txt"
_JOBS = ("ours", "with_rectools", "by_hand")
_NAMES = {"ours": "this project", "with_rectools": "RecTools", "by_hand": "implicit by hand"}


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.side_by_side", __doc__, "docs/side-by-side.md", workspace=True)
    parser.add_argument("--ratings", type=int, default=25_000_095)
    parser.add_argument("--only", nargs="*", choices=_JOBS, default=_JOBS)
    arguments = parser.parse_args(argv)
    pythons = dict.fromkeys(arguments.only, sys.executable)
    if "with_rectools" in pythons:
        pythons["with_rectools"] = str(make_environment(_REQUIREMENTS, arguments.workspace / "peers" / "rectools"))
    with tempfile.TemporaryDirectory(prefix="recsys-side-by-side-") as folder:
        write_folder(Path(folder) / "data", Shape.of(arguments.ratings), seed=0)
        ratings = Path(folder) / "data" / "ratings.csv"
        reports = {name: _report(python, name, ratings) for name, python in pythons.items()}
    write_page(arguments.out, "side_by_side", argv, n_ratings=arguments.ratings, stages=_table(reports))


def _report(python: str, name: str, ratings: Path) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OPENBLAS_NUM_THREADS": "1"}
    command = [python, str(_HERE / f"{name}.py"), str(ratings)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed with code {done.returncode}")
    print(f"{name}: done")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _table(reports: dict[str, dict[str, Any]]) -> Table:
    """Stages in rows; the last columns are this project's figures over those of the others."""
    ours = reports.get("ours")
    totals = {name: sum(report["seconds"].values()) for name, report in reports.items()}
    rows: list[tuple[str, ...]] = []
    for stage in next(iter(reports.values()))["seconds"]:
        rows.append((stage, *(f"{report['seconds'][stage]:.1f} s" for report in reports.values())))
    rows.append(("all", *(f"{total:.1f} s" for total in totals.values())))
    rows.append(("peak memory", *(f"{report['peak_mib']:,.0f} MiB" for report in reports.values())))
    rows.append(("NDCG@20", *(f"{report['ndcg']:.4f}" for report in reports.values())))
    if ours:
        rows.append(
            ("time of this project over theirs", *(f"{totals['ours'] / total:.2f}" for total in totals.values()))
        )
        shares = (f"{ours['peak_mib'] / report['peak_mib']:.2f}" for report in reports.values())
        rows.append(("memory of this project over theirs", *shares))
    return Table(("", *(_NAMES[name] for name in reports)), tuple(rows))


if __name__ == "__main__":
    main()
