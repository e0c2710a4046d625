"""Time and memory of the pipeline, as docs/performance.md: whole runs of the command, each in a process of its own.

python -m bench.pipeline                                                    # the bundled data
python -m bench.pipeline --sizes 1000000 5000000 25000095 --factors 64 256  # and made data, on the same movies
"""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg

from bench.memory import Sample
from bench.options import options, place
from bench.page import write_page
from bench.process import recsys
from pipelines.instance import open_instance
from pipelines.settings import Settings
from recsys_core.plotting import Table
from recsys_core.plotting.plot_style import GRID, INK, MUTED, new_figure, png_of, quiet, spread, titled

__all__ = ["PICTURE", "main"]

PICTURE = "pipeline_sizes"
_RUN = ("run", "seconds", "assets' own work", "orchestration", "peak memory")
_N_MOVIES = 62_423
_LONG = 5.0  # seconds from which on an asset's growth is judged
_GROWTH = 1.15  # times what the ratings grow by


class Measured(NamedTuple):
    """One run: its seconds and each asset's own, its peak memory and that of each asset that was made, in MiB."""

    name: str
    total: float
    seconds: dict[str, float]
    peak_mib: float
    peaks: dict[str, float]

    @property
    def row(self) -> tuple[str, ...]:
        own = sum(self.seconds.values())
        return self.name, f"{self.total:.1f}", f"{own:.1f}", f"{self.total - own:.1f}", _mib(self.peak_mib)


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.pipeline", __doc__, "docs/performance.md", data=True)
    parser.add_argument(
        "--factors", type=int, nargs="+", default=[], help="of ALS on made data; all but the first on the largest alone"
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[], metavar="RATINGS", help="of made data, two or more")
    parser.add_argument("--movies", type=int, default=_N_MOVIES, help=f"of made data (default: {_N_MOVIES})")
    arguments = parser.parse_args(argv)
    if len(arguments.sizes) == 1:
        parser.error("--sizes are two or more: growth is told from one to the next")
    with tempfile.TemporaryDirectory(prefix="recsys-bench-") as folder:
        root = Path(folder)
        data, home = root / "data", root / "home"
        shutil.copytree(arguments.data, data, ignore=shutil.ignore_patterns("source", "*.py"))
        runs = [_run(f"{place(arguments.data)}, empty home", data, home), _run("again, nothing changed", data, home)]
        _change_one_rating(data / "ratings.csv")
        runs.append(_run("again, one rating changed", data, home))
        first, *others = arguments.factors or [None]
        sizes = [_made(root, n_ratings, arguments.movies, first) for n_ratings in arguments.sizes]
        more = [_made(root, arguments.sizes[-1], arguments.movies, factors) for factors in others if sizes]
    longest = sorted(runs[0].seconds, key=lambda name: -runs[0].seconds[name])[:8]
    assets = tuple((f"`{name}`", f"{runs[0].seconds[name]:.1f}", _peak(runs[0], name)) for name in longest)
    by_size = "(Not in this call: `--sizes`.)"
    if sizes:
        picture = arguments.out.parent / "images" / f"{PICTURE}.png"
        picture.parent.mkdir(exist_ok=True)
        picture.write_bytes(_plot(arguments.sizes, sizes))
        by_size = _by_size(arguments.sizes, sizes)
    write_page(
        arguments.out,
        "bench.pipeline",
        argv,
        runs=Table(_RUN, tuple(run.row for run in [*runs, *sizes, *more])),
        assets=Table(("asset", "seconds", "peak memory"), assets),
        by_size=by_size,
    )


def _made(root: Path, n_ratings: int, n_movies: int, factors: int | None) -> Measured:
    """A run on made data, which goes afterwards."""
    data, home, config = root / "made", root / "made-home", root / "made.yaml"
    recsys(["synth", "--ratings", str(n_ratings), "--movies", str(n_movies), "--out", str(data), "--json"])
    config.write_text(f"tuning: {{als: {{factors: {factors}}}}}\n" if factors else "{}\n", encoding="utf-8")
    told = f", {factors} factors" if factors else ""
    measured = _run(f"made data, {n_ratings:,} ratings{told}", data, home, "--config", str(config))
    shutil.rmtree(data)
    shutil.rmtree(home)
    return measured


def _run(name: str, data: Path, home: Path, *more: str) -> Measured:
    finished = recsys(["run", "--data", str(data), "--home", str(home), "--json", *more])
    print(f"{name}: done", flush=True)
    report = json.loads(finished.printed)
    peaks = _peaks(Settings(home, data), report["dagster_run_id"], finished.memory) if report["made"] else {}
    return Measured(name, report["seconds"]["total"], report["seconds"]["assets"], finished.peak_mib, peaks)


def _peaks(settings: Settings, run_id: str, memory: Sequence[Sample]) -> dict[str, float]:
    """The most memory while each asset was being made; an asset between two samples has none."""
    with open_instance(settings) as instance:
        entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    peaks = {}
    for entry in entries:
        made = entry.get_dagster_event().step_materialization_data.materialization
        began = entry.timestamp - float(str(made.metadata["seconds"].value))
        during = [mib for moment, mib in memory if began <= moment <= entry.timestamp]
        if during:
            peaks[made.asset_key.path[-1]] = max(during)
    return peaks


def _change_one_rating(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    user, movie, rating, rest = lines[1].split(b",", 3)
    lines[1] = b",".join([user, movie, b"3.5" if rating != b"3.5" else b"3.0", rest])
    path.write_bytes(b"".join(lines))


def _by_size(sizes: Sequence[int], runs: Sequence[Measured]) -> str:
    """Seconds and peak of every asset that takes a second somewhere, and what grows faster than it should."""
    last, before = runs[-1].seconds, runs[-2].seconds
    names = sorted((name for name in last if last[name] >= 1), key=lambda name: -last[name])
    rows = []
    for name in names:
        cells = [f"{run.seconds[name]:.1f} s, {_peak(run, name)}" for run in runs]
        rows.append((f"`{name}`", *cells, f"{last[name] / before[name]:.1f}" if before[name] else ""))
    rows.append(("the whole run", *(f"{run.total:.1f} s, {_mib(run.peak_mib)}" for run in runs), ""))
    table = Table(("by size", *(f"{n_ratings:,} ratings" for n_ratings in sizes), "growth"), tuple(rows))
    most = _GROWTH * sizes[-1] / sizes[-2]
    judged = [name for name in names if last[name] > _LONG]
    said = ", ".join(f"`{name}`" for name in judged if last[name] > most * before[name]) or "none"
    return (
        f"{table.markdown()}\n\nGrowth is from the size before the last to the last, where the ratings grow "
        f"{sizes[-1] / sizes[-2]:.1f} times. Of the {len(judged)} assets above {_LONG:g} s, those that grow more than "
        f"{most:.2f} times: {said}.\n\n![Seconds by ratings, both on logarithmic axes](images/{PICTURE}.png)"
    )


def _peak(run: Measured, name: str) -> str:
    return _mib(run.peaks[name]) if name in run.peaks else "–"


def _mib(mib: float) -> str:
    return f"{mib:,.0f} MiB"


def _plot(sizes: Sequence[int], runs: Sequence[Measured]) -> bytes:
    """Seconds of the whole run and of the longest assets by ratings, with what in proportion would be."""
    figure = new_figure(7.4, 4.6)
    titled(figure, "Seconds by ratings", "The whole run and its longest assets; pale lines grow with the ratings")
    axes = figure.add_axes((0.08, 0.12, 0.66, 0.70))
    quiet(axes)
    names = sorted(runs[-1].seconds, key=lambda name: -runs[-1].seconds[name])[:8]
    lines = {"the whole run": [run.total for run in runs]}
    lines |= {name: [max(run.seconds[name], 0.01) for run in runs] for name in names}
    for start in (0.1, 1, 10, 100):
        axes.plot(sizes, [start * n_ratings / sizes[0] for n_ratings in sizes], color=GRID, linewidth=1)
    for num, seconds in enumerate(lines.values()):
        axes.plot(sizes, seconds, color=INK if num == 0 else f"C{num - 1}", marker="o", markersize=3.5, linewidth=1.6)
    axes.set(xscale="log", yscale="log", xticks=sizes, xticklabels=[f"{n:,}" for n in sizes])
    axes.yaxis.set_major_formatter(lambda seconds, _: f"{seconds:,g}")
    axes.minorticks_off()
    to_axes = axes.transData - axes.transAxes
    places = [float(to_axes.transform((sizes[-1], line[-1]))[1]) for line in lines.values()]
    how: dict[str, Any] = {"transform": axes.transAxes, "fontsize": 8.5, "va": "center", "color": MUTED}
    for (name, line), at in zip(lines.items(), spread(places, 0.055), strict=True):
        axes.text(1.03, at, f"{name} {line[-1]:,.0f} s", **how)
    return png_of(figure)


if __name__ == "__main__":
    main()
