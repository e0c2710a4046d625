"""Which titles to ask newcomers about: every method on simulated interviews, as docs/onboarding.md.

python -m bench.onboarding
"""

import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.accuracy.data import Bundle, load_data
from bench.accuracy.tables import intervals_of
from bench.circumstances import circumstances
from bench.onboarding.measuring import JUDGED, N_FOLDS, VIEWS, Measured, measure
from bench.onboarding.methods import CONTROL, DEFAULT, METHODS
from bench.options import options
from bench.page import write_page
from recsys_core.dataset.schema import MOVIELENS
from recsys_core.evaluation import Series, SimultaneousIntervals, simultaneous_means
from recsys_core.onboarding import OnboardingParameters, fit_onboarding
from recsys_core.plotting import Table
from recsys_core.plotting.plot_style import INK, MUTED, new_figure, png_of, quiet, spread, titled

_HEADS: Final = tuple(f"{n} {kind[:-1] if n == 1 else kind}" for kind, n in JUDGED)
_LINES: Final = {
    DEFAULT: ("Expected gain", "#0072b2"),
    "variance": ("Factor model's variance", "#009e73"),
    "nearest_users": ("Nearest users", "#c98a00"),
    "likely_known": ("Most likely known", "#cc79a7"),
    CONTROL: ("Most popular", "#7f7f7f"),
    "helf": ("HELF", "#d55e00"),
}
_PANELS: Final = (("answers", "Answers given"), ("questions", "Questions shown, “not seen” included"))


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.onboarding", __doc__, "docs/onboarding.md", data=True, workspace=True)
    parser.add_argument("--folds-to-run", type=int, default=N_FOLDS, choices=range(1, N_FOLDS + 1), metavar="N")
    arguments = parser.parse_args(argv)
    bundle = load_data(arguments.workspace, arguments.data)
    started = time.monotonic()
    with threadpool_limits(1):
        measured = measure(bundle, n_folds=arguments.folds_to_run)
    took = f"{time.monotonic() - started:.0f} s, one thread"
    picture = arguments.out.parent / "images" / "onboarding.png"
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(_plot(measured))
    gains = _gains(measured)
    write_page(
        arguments.out,
        "onboarding",
        circumstances=circumstances("bench.onboarding", argv, data=bundle.source, time=took),
        first_titles=_asked_first(bundle, OnboardingParameters()),
        popular_titles=_asked_first(bundle, OnboardingParameters(method="popularity")),
        **_told(measured, "default", DEFAULT),
        **_told(measured, "control", CONTROL),
        nothing=_short(measured.arrays["nothing"].mean()),
        everything=_short(measured.arrays["everything"].mean()),
        test=_ndcg_table(measured),
        gains=_gain_table(gains),
        n_comparisons=len(gains.mean),
        critical=gains.critical,
        open=_open_words(measured),
        questions=_question_table(measured),
    )


def _asked_first(bundle: Bundle, parameters: OnboardingParameters, n: int = 8) -> str:
    """Titles that a model of all ratings asks about before it knows anything."""
    onboarding = fit_onboarding(bundle.interactions, parameters, rating_scale=MOVIELENS.rating_scale)
    nobody = csr_matrix((1, bundle.interactions.n_items)).astype(np.float32)
    ids = onboarding.item_ids[onboarding.next_titles(nobody, np.zeros(0, dtype=np.int64), n)]
    movies = pq.read_table(bundle.tables.movies, columns=["movieId", "title"]).to_pydict()
    titles = dict(zip(movies["movieId"], movies["title"], strict=True))
    return ";\n".join(f"*{titles[item_id]}*" for item_id in ids.tolist())


def _told(measured: Measured, name: str, method: str) -> dict[str, str]:
    return {
        f"{name}_3": _short(measured.ndcg(method, ("answers", 3)).mean()),
        f"{name}_q10": _short(measured.ndcg(method, ("questions", 10)).mean()),
        f"{name}_questions_5": f"{np.median(measured.arrays[f'whole/{method}'][:, -1]):.0f}",
    }


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _ndcg_table(measured: Measured) -> str:
    """Methods × judged views, and the mean of the six."""
    rows = [
        (method.label, *(f"{values.mean():.4f}" for values in measured.judged(name)))
        for name, method in METHODS.items()
    ]
    return Table(("method", *_HEADS, "mean"), tuple(rows)).markdown()


def _gains(measured: Measured) -> SimultaneousIntervals:
    """Each method minus the control: the six views and their mean, as one family."""
    users, control = measured.arrays["user_ids"], measured.judged(CONTROL)
    pairs = (zip(measured.judged(name), control, strict=True) for name in METHODS if name != CONTROL)
    return simultaneous_means(
        [Series(ours - theirs, users) for pair in pairs for ours, theirs in pair], n_samples=4_000
    )


def _gain_table(gains: SimultaneousIntervals) -> str:
    cells, width = intervals_of(gains, "+.3f"), len(JUDGED) + 1
    labels = [method.label for name, method in METHODS.items() if name != CONTROL]
    rows = tuple((label, *cells[num * width : (num + 1) * width]) for num, label in enumerate(labels))
    return Table(("method − most popular", *_HEADS, "mean"), rows).markdown()


def _open_words(measured: Measured) -> str:
    """The default minus the control where titles that were not asked about stay in the ranking."""
    users = measured.arrays["user_ids"]
    found = simultaneous_means(
        [Series(measured.ndcg(DEFAULT, v, "open") - measured.ndcg(CONTROL, v, "open"), users) for v in JUDGED],
        n_samples=4_000,
    )
    return "; ".join(f"{head} {cell}" for head, cell in zip(_HEADS, intervals_of(found, "+.3f"), strict=True))


def _question_table(measured: Measured) -> str:
    """Median questions for 1, 3 and 5 answers, and who got to five; all ratings are answers, or half of them."""
    rows = []
    for name, method in METHODS.items():
        cells: list[str] = []
        for taken in (measured.arrays[f"whole/{name}"], measured.arrays[f"questions/{name}"]):
            cells += [*(f"{median:.0f}" for median in np.median(taken, axis=0)), f"{np.mean(taken[:, -1] <= 20):.0%}"]
        rows.append((method.label, *cells))
    heads = [f"{head}, {part}" for part in ("all", "half") for head in ("1", "3", "5", "5 within 20")]
    return Table(("method", *heads), tuple(rows)).markdown()


def _plot(measured: Measured) -> bytes:
    """NDCG@10 by answers given and by questions shown, with names beside the lines' ends."""
    figure = new_figure(11.6, 4.9)
    n_people, start = len(np.unique(measured.arrays["user_ids"])), float(measured.arrays["nothing"].mean())
    titled(
        figure,
        "What to ask newcomers about",
        f"NDCG@10 of the hybrid on {n_people} held-out people, from their answers alone; the dashed line is where "
        "nobody was asked anything",
    )
    panels: Sequence[Any] = figure.subplots(1, 2, sharey=True)
    for axes, (kind, label) in zip(panels, _PANELS, strict=True):
        quiet(axes)
        views = [view for view in VIEWS if view[0] == kind]
        across = [0, *(n for _, n in views)]
        axes.axhline(start, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        lines = {name: [start, *(float(measured.ndcg(name, view).mean()) for view in views)] for name in _LINES}
        places = spread([up[-1] for up in lines.values()], 0.0042)
        for (name, (text, colour)), place in zip(_LINES.items(), places, strict=True):
            strong = name in (DEFAULT, CONTROL)
            width, size, order = (2.2, 4.5, 4) if strong else (1.4, 3.4, 3)
            axes.plot(across, lines[name], "-o", color=colour, linewidth=width, markersize=size, zorder=order)
            weight = "bold" if strong else "normal"
            axes.text(across[-1] * 1.03, place, text, color=colour, size=8.8, weight=weight, va="center")
        axes.set_xlim(-0.03 * across[-1], across[-1] * 1.42)
        axes.set_xticks(across)
        axes.set_xlabel(label, size=9.5, color=INK, labelpad=8)
    panels[0].set_ylabel("NDCG@10", size=9.5, color=INK, labelpad=8)
    figure.subplots_adjust(left=0.062, right=0.985, top=0.84, bottom=0.13, wspace=0.04)
    return png_of(figure)


if __name__ == "__main__":
    main()
