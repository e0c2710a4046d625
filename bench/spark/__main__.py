"""What Spark takes, and what follows from it for a billion ratings, as docs/spark.md: the same run here and by Spark.

python -m bench.spark                                    # 25 million made ratings
python -m bench.spark --ratings 200000 --movies 5000
"""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.options import options
from bench.page import write_page
from bench.process import recsys
from bench.spark.event_log import Step, logged_to, steps_of
from bench.spark.on_paper import on_paper
from recsys_core.plotting import Table

__all__ = ["main"]

_FACTORS: Final = 64
_TUNING: Final[dict[str, Any]] = {"als": {"factors": _FACTORS}}
_N_ASSETS: Final = 12
_MODELS: Final = {"als": "ALS", "ease": "EASE", "hybrid": "the hybrid"}


class Measured(NamedTuple):
    """A run's report, its peak memory in MiB, and the bytes of the files of the model that makes lists."""

    report: dict[str, Any]
    peak_mib: float
    model_bytes: int


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.spark", __doc__, "docs/spark.md")
    parser.add_argument("--ratings", type=int, default=25_000_095, help="how many are made (default: %(default)s)")
    parser.add_argument("--movies", type=int, default=62_423, help="of made data (default: %(default)s)")
    parser.add_argument("--master", default="local[2]", help="Spark's (default: %(default)s)")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="recsys-bench-") as folder:
        root, log = Path(folder), Path(folder) / "log"
        log.mkdir()
        made = ["--ratings", str(arguments.ratings), "--movies", str(arguments.movies)]
        recsys(["synth", *made, "--out", str(root / "data"), "--json"])
        here = _run(root, {"name": "local"})
        settings = {"spark.driver.memory": "4g", **logged_to(log)}
        there = _run(root, {"name": "spark", "master": arguments.master, "options": settings})
        steps = steps_of(log)
        csv_bytes = (root / "data" / "ratings.csv").stat().st_size
    write_page(
        arguments.out,
        "bench.spark",
        argv,
        {"data": f"{arguments.ratings:,} made ratings of {arguments.movies:,} movies; {_FACTORS} factors"},
        runs=_run_table((here, there), arguments.master),
        steps=_step_table(steps),
        paper=on_paper(
            there.report, steps, csv_bytes=csv_bytes, model_bytes=there.model_bytes, n_movies=arguments.movies
        ),
    )


def _run(root: Path, engine: dict[str, Any]) -> Measured:
    config, home = root / f"{engine['name']}.json", root / "home"
    config.write_text(json.dumps({"tuning": _TUNING, "engine": engine}), encoding="utf-8")
    finished = recsys(["run", "--data", str(root / "data"), "--home", str(home), "--config", str(config), "--json"])
    model_bytes = sum(path.stat().st_size for path in home.glob("store/release_model/all/*/value/model/**/*"))
    shutil.rmtree(home)
    print(f"engine {engine['name']}: done", flush=True)
    return Measured(json.loads(finished.printed), finished.peak_mib, model_bytes)


def _run_table(runs: Sequence[Measured], master: str) -> Table:
    """The whole runs, the assets that take longest with the last, and how good the models are."""
    times = [run.report["seconds"] for run in runs]
    longest = sorted(times[-1]["assets"], key=lambda name: -times[-1]["assets"][name])[:_N_ASSETS]
    rows = [
        *((f"`{name}`", *(f"{of['assets'][name]:.1f} s" for of in times)) for name in longest),
        ("the whole run", *(f"{of['total']:.1f} s" for of in times)),
        ("peak memory", *(f"{run.peak_mib:,.0f} MiB" for run in runs)),
    ]
    for model, name in _MODELS.items():
        rows.append((f"NDCG@10 of {name}", *(f"{run.report['metrics'][model]['ndcg@10']:.4f}" for run in runs)))
    return Table(("", "this machine", f"Spark, `{master}`"), tuple(rows))


def _step_table(steps: Sequence[Step]) -> Table:
    rows = (
        (
            step.name,
            f"{step.n_tasks:,}",
            f"{step.seconds:.1f} s",
            f"{step.in_tasks:.1f} s",
            f"{step.n_bytes / 2**20:,.0f} MiB",
        )
        for step in steps
    )
    return Table(("step", "tasks", "from first to last", "in all tasks", "shuffled"), tuple(rows))


if __name__ == "__main__":
    main()
