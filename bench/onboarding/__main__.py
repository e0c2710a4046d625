"""Which titles to ask newcomers about: expected gain and popularity in simulated interviews, as docs/onboarding.md.

python -m bench.onboarding
"""

import time
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow.parquet as pq
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.accuracy.data import Bundle, load_data
from bench.accuracy.tables import intervals_of, number
from bench.onboarding.measuring import CONTROL, DEFAULT, METHODS, N_FOLDS, VIEWS, Measured, measure
from bench.options import options
from bench.page import write_page
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.evaluation import Series, SimultaneousIntervals, simultaneous_means
from recsys_core.onboarding import OnboardingParameters, fit_onboarding
from recsys_core.plotting import Table

_HEADS: Final = tuple(f"{n} {kind[:-1] if n == 1 else kind}" for kind, n in VIEWS)


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.onboarding", __doc__, "docs/onboarding.md", data=True, workspace=True)
    parser.add_argument("--folds-to-run", type=int, default=N_FOLDS, choices=range(1, N_FOLDS + 1), metavar="N")
    arguments = parser.parse_args(argv)
    bundle = load_data(arguments.workspace, arguments.data)
    started = time.monotonic()
    with threadpool_limits(1):
        measured = measure(bundle, n_folds=arguments.folds_to_run)
    took = f"{time.monotonic() - started:.0f} s, one thread"
    gains, intervals = _gains(measured)
    write_page(
        arguments.out,
        "bench.onboarding",
        argv,
        {"data": bundle.source, "time": took},
        first_titles=_asked_first(bundle, OnboardingParameters()),
        popular_titles=_asked_first(bundle, OnboardingParameters(method="popularity")),
        **_told(measured, "default", DEFAULT),
        **_told(measured, "control", CONTROL),
        nothing=number(measured.arrays["nothing"].mean()),
        everything=number(measured.arrays["everything"].mean()),
        test=_ndcg_table(measured),
        gains=gains,
        n_comparisons=len(intervals.mean),
        critical=intervals.critical,
        open=_open_words(measured),
        questions=_question_table(measured),
    )


def _asked_first(bundle: Bundle, parameters: OnboardingParameters, n: int = 8) -> str:
    """Titles that a model of all ratings asks about before it knows anything."""
    onboarding = fit_onboarding(bundle.interactions, parameters, feedback=MOVIELENS.feedback)
    nobody = csr_matrix((1, bundle.interactions.n_items)).astype(np.float32)
    ids = onboarding.item_ids[onboarding.next_titles(nobody, np.zeros(0, dtype=np.int64), n)]
    movies = pq.read_table(bundle.tables.movies, columns=["item_id", "title"]).to_pydict()
    titles = dict(zip(movies["item_id"], movies["title"], strict=True))
    return ";\n".join(f"*{titles[item_id]}*" for item_id in ids.tolist())


def _told(measured: Measured, name: str, method: str) -> dict[str, str]:
    return {
        f"{name}_3": number(measured.ndcg(method, ("answers", 3)).mean()),
        f"{name}_q10": number(measured.ndcg(method, ("questions", 10)).mean()),
        f"{name}_questions_5": f"{np.median(measured.arrays[f'whole/{method}'][:, -1]):.0f}",
    }


def _ndcg_table(measured: Measured) -> Table:
    """Methods × judged views, and the mean of the six."""
    rows = [
        (method.label, *(f"{values.mean():.4f}" for values in measured.judged(name)))
        for name, method in METHODS.items()
    ]
    return Table(("method", *_HEADS, "mean"), tuple(rows))


def _gains(measured: Measured) -> tuple[Table, SimultaneousIntervals]:
    """Each method minus the control: the six views and their mean, as one family."""
    users, control = measured.arrays["user_ids"], measured.judged(CONTROL)
    others = {method.label: measured.judged(name) for name, method in METHODS.items() if name != CONTROL}
    pairs = [(ours, theirs) for judged in others.values() for ours, theirs in zip(judged, control, strict=True)]
    found = simultaneous_means([Series(ours - theirs, users) for ours, theirs in pairs], n_samples=4_000)
    cells, width = intervals_of(found, "+.3f"), len(control)
    rows = tuple((label, *cells[num * width : (num + 1) * width]) for num, label in enumerate(others))
    return Table(("method − most popular", *_HEADS, "mean"), rows), found


def _open_words(measured: Measured) -> str:
    """The default minus the control where titles that were not asked about stay in the ranking."""
    users = measured.arrays["user_ids"]
    found = simultaneous_means(
        [Series(measured.ndcg(DEFAULT, v, "open") - measured.ndcg(CONTROL, v, "open"), users) for v in VIEWS],
        n_samples=4_000,
    )
    return "; ".join(f"{head} {cell}" for head, cell in zip(_HEADS, intervals_of(found, "+.3f"), strict=True))


def _question_table(measured: Measured) -> Table:
    """Median questions for 1, 3 and 5 answers, and who got to five; all ratings are answers, or half of them."""
    rows = []
    for name, method in METHODS.items():
        cells: list[str] = []
        for taken in (measured.arrays[f"whole/{name}"], measured.arrays[f"questions/{name}"]):
            cells += [*(f"{median:.0f}" for median in np.median(taken, axis=0)), f"{np.mean(taken[:, -1] <= 20):.0%}"]
        rows.append((method.label, *cells))
    heads = [f"{head}, {part}" for part in ("all", "half") for head in ("1", "3", "5", "5 within 20")]
    return Table(("method", *heads), tuple(rows))


if __name__ == "__main__":
    main()
