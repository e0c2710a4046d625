"""Time and memory of the pipeline, as docs/performance.md: whole runs of the command, each in a process of its own.

python -m bench.pipeline            # the bundled data
python -m bench.pipeline --large    # and a folder in ml-25m's shape with 2 million ratings
python -m bench.pipeline --full     # and the data part with 24.6 million ratings, twice
"""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.ml25m_shape import write_folder
from bench.options import options, place
from bench.page import write_page
from bench.process import recsys
from recsys_core.plotting import Table

__all__ = ["main"]


class Measured(NamedTuple):
    """One run: its report, and the peak memory in MiB."""

    name: str
    report: dict[str, Any]
    peak_mib: float

    @property
    def row(self) -> tuple[str, ...]:
        total = self.report["seconds"]["total"]
        own = sum(self.report["seconds"]["assets"].values())
        return self.name, f"{total:.1f}", f"{own:.1f}", f"{total - own:.1f}", f"{self.peak_mib:,.0f} MiB"


_RUN = ("run", "seconds", "assets' own work", "orchestration", "peak memory")


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.pipeline", __doc__, "docs/performance.md", data=True)
    parser.add_argument("--only", choices=("data", "training"), help="one part of the pipeline instead of all of it")
    parser.add_argument("--large", action="store_true", help="2 million ratings, too")
    parser.add_argument("--full", action="store_true", help="24.6 million ratings, too: the data part")
    arguments = parser.parse_args(argv)
    only = ["--only", arguments.only] if arguments.only else []
    with tempfile.TemporaryDirectory(prefix="recsys-bench-") as folder:
        root = Path(folder)
        data = root / "data"
        shutil.copytree(arguments.data, data, ignore=shutil.ignore_patterns("source", "*.py"))
        home = root / "home"
        runs = [
            _run(f"{place(arguments.data)}, empty home", data, home, *only),
            _run("again, nothing changed", data, home, *only),
        ]
        _change_one_rating(data / "ratings.csv")
        runs.append(_run("again, one rating changed", data, home, *only))
        if arguments.large:
            write_folder(root / "large")
            runs.append(_run("ml-25m's shape, 2 million ratings", root / "large", root / "large-home"))
        if arguments.full:
            write_folder(root / "full", n_ratings=24_600_000)
            for name in ("24.6 million ratings, data part alone", "again, nothing changed"):
                runs.append(_run(name, root / "full", root / "full-home", "--only", "data"))
    longest = sorted(runs[0].report["seconds"]["assets"].items(), key=lambda entry: -entry[1])[:8]
    write_page(
        arguments.out,
        "pipeline",
        argv,
        runs=Table(_RUN, tuple(run.row for run in runs)),
        assets=Table(("asset", "seconds"), tuple((f"`{name}`", f"{taken:.1f}") for name, taken in longest)),
    )


def _run(name: str, data: Path, home: Path, *more: str) -> Measured:
    finished = recsys(["run", "--data", str(data), "--home", str(home), "--json", *more])
    print(f"{name}: done")
    return Measured(name, json.loads(finished.printed), finished.peak_mib)


def _change_one_rating(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    user, movie, rating, rest = lines[1].split(b",", 3)
    lines[1] = b",".join([user, movie, b"3.5" if rating != b"3.5" else b"3.0", rest])
    path.write_bytes(b"".join(lines))


if __name__ == "__main__":
    main()
