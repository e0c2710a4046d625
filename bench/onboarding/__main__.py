"""Which titles to ask newcomers about: expected gain and popularity in simulated interviews, as docs/onboarding.md.

python -m bench.onboarding
"""

import sys
import time
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.accuracy.data import Bundle, fit_default_hybrid, load_data
from bench.accuracy.tables import intervals_of
from bench.onboarding.interviews import MOST_QUESTIONS, View, interview, ndcg, people_of
from bench.options import N_FOLDS, options
from bench.page import write_page
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.evaluation import Series, SimultaneousIntervals, ndcg_of_scores, simultaneous_means
from recsys_core.onboarding import OnboardingParameters, fit_onboarding
from recsys_core.plotting import Table, number
from recsys_core.splitting import SplitParameters, assign_users
from recsys_core.splitting.split import TEST

_COUNTS: Final = (1, 3, 5)
_VIEWS: Final[tuple[View, ...]] = (*(("answers", n) for n in _COUNTS), *(("questions", n) for n in (5, 10, 20)))
_HEADS: Final = tuple(f"{n} {kind[:-1] if n == 1 else kind}" for kind, n in _VIEWS)


class Method(NamedTuple):
    """page: how many titles are asked for at once; all of them is a list that no answer moves."""

    label: str
    parameters: OnboardingParameters
    page: int


_CONTROL: Final = "popularity"
_DEFAULT: Final = "expected_gain"
_METHODS: Final = {
    _CONTROL: Method("most popular", OnboardingParameters(method="popularity"), MOST_QUESTIONS),
    "expected_gain_fixed": Method("expected gain, fixed list", OnboardingParameters(), MOST_QUESTIONS),
    _DEFAULT: Method("expected gain, adaptive", OnboardingParameters(), 1),
}
Arrays = dict[str, NDArray[Any]]
"""By name, each over the rows of all folds.

``user_ids``; ``nothing`` and ``everything``: NDCG@10 without any answer, and with all that can be answered.
``ndcg/METHOD`` of shape (n_rows, n_views); ``open/METHOD``: the same with the titles that were not asked about left in
the ranking. ``questions/METHOD`` and ``whole/METHOD``, of shape (n_rows, 3): questions for 1, 3 and 5 answers, with
half of a person's ratings as answers and with all of them.
"""


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.onboarding", __doc__, "docs/onboarding.md", data=True, workspace=True, folds=True)
    arguments = parser.parse_args(argv)
    bundle = load_data(arguments.workspace, arguments.data)
    started = time.monotonic()
    with threadpool_limits(1):
        folds = [_measured_fold(bundle, fold) for fold in range(arguments.folds_to_run)]
    took = f"{time.monotonic() - started:.0f} s, one thread"
    found = {name: np.concatenate([fold[name] for fold in folds]) for name in folds[0]}
    gains, intervals = _gains(found)
    write_page(
        arguments.out,
        "bench.onboarding",
        argv,
        {"data": bundle.source, "time": took},
        first_titles=_asked_first(bundle, OnboardingParameters()),
        popular_titles=_asked_first(bundle, OnboardingParameters(method="popularity")),
        **_told(found, "default", _DEFAULT),
        **_told(found, "control", _CONTROL),
        nothing=number(found["nothing"].mean()),
        everything=number(found["everything"].mean()),
        test=_ndcg_table(found),
        gains=gains,
        n_comparisons=len(intervals.mean),
        critical=intervals.critical,
        open=_open_words(found),
        questions=_question_table(found),
    )


def _measured_fold(bundle: Bundle, fold: int) -> Arrays:
    """The test users of a fold, asked by every method."""
    splitting = SplitParameters(n_folds=N_FOLDS, fold=fold, validation_share=0.2)
    split = bundle.split(splitting)
    hybrid = fit_default_hybrid(bundle, split)
    tested = np.flatnonzero(assign_users(bundle.interactions.user_ids, splitting) == TEST)
    rows = bundle.interactions.rows(tested).with_items(split.train.item_ids)
    people, whole = people_of(rows), rows.ratings[np.flatnonzero(np.diff(rows.ratings.indptr))]
    found: Arrays = {"user_ids": people.user_ids}
    nothing = csr_matrix(people.answerable.shape).astype(np.float32)
    for name, known in (("nothing", nothing), ("everything", people.answerable)):
        found[name] = ndcg_of_scores(hybrid.score(known), people.liked, seen=people.answerable, k=10)
    for name, method in _METHODS.items():
        asker = fit_onboarding(split.train, method.parameters, feedback=MOVIELENS.feedback)
        held, all_held = ([interview(asker, one, page=method.page) for one in k] for k in (people.answerable, whole))
        for kind, closed in (("ndcg", True), ("open", False)):
            values = [ndcg(hybrid.score, people, held, view, closed=closed) for view in _VIEWS]
            found[f"{kind}/{name}"] = np.stack(values, axis=1)
        for kind, some in (("questions", held), ("whole", all_held)):
            found[f"{kind}/{name}"] = np.array([[one.questions_for(n) for n in _COUNTS] for one in some])
        print(f"fold {fold}: {name} {found[f'ndcg/{name}'].mean():.4f}", file=sys.stderr, flush=True)
    return found


def _asked_first(bundle: Bundle, parameters: OnboardingParameters, n: int = 8) -> str:
    """Titles that a model of all ratings asks about before it knows anything."""
    onboarding = fit_onboarding(bundle.interactions, parameters, feedback=MOVIELENS.feedback)
    nobody = csr_matrix((1, bundle.interactions.n_items)).astype(np.float32)
    ids = onboarding.item_ids[onboarding.next_titles(nobody, np.zeros(0, dtype=np.int64), n)]
    movies = pq.read_table(bundle.tables.movies, columns=["item_id", "title"]).to_pydict()
    titles = dict(zip(movies["item_id"], movies["title"], strict=True))
    return ";\n".join(f"*{titles[item_id]}*" for item_id in ids.tolist())


def _told(found: Arrays, name: str, method: str) -> dict[str, str]:
    ndcg_after = dict(zip(_VIEWS, found[f"ndcg/{method}"].mean(axis=0), strict=True))
    return {
        f"{name}_3": number(ndcg_after["answers", 3]),
        f"{name}_q10": number(ndcg_after["questions", 10]),
        f"{name}_questions_5": f"{np.median(found[f'whole/{method}'][:, -1]):.0f}",
    }


def _judged(found: Arrays, method: str) -> NDArray[np.float64]:
    """NDCG@10 in the six views, and the mean of them: (7, n_rows)."""
    values = found[f"ndcg/{method}"].T
    return np.vstack([values, values.mean(axis=0)])


def _ndcg_table(found: Arrays) -> Table:
    means = {method.label: _judged(found, name).mean(axis=1) for name, method in _METHODS.items()}
    rows = tuple((label, *(f"{mean:.4f}" for mean in own)) for label, own in means.items())
    return Table(("method", *_HEADS, "mean"), rows)


def _gains(found: Arrays) -> tuple[Table, SimultaneousIntervals]:
    """Each method minus the control: the six views and their mean, as one family."""
    control = _judged(found, _CONTROL)
    others = {m.label: _judged(found, name) - control for name, m in _METHODS.items() if name != _CONTROL}
    family = [Series(values, found["user_ids"]) for differences in others.values() for values in differences]
    intervals = simultaneous_means(family, n_samples=4_000)
    cells, width = intervals_of(intervals), len(control)
    rows = tuple((label, *cells[num * width : (num + 1) * width]) for num, label in enumerate(others))
    return Table(("method − most popular", *_HEADS, "mean"), rows), intervals


def _open_words(found: Arrays) -> str:
    """The default minus the control where titles that were not asked about stay in the ranking."""
    differences = (found[f"open/{_DEFAULT}"] - found[f"open/{_CONTROL}"]).T
    intervals = simultaneous_means([Series(values, found["user_ids"]) for values in differences], n_samples=4_000)
    return "; ".join(f"{head} {cell}" for head, cell in zip(_HEADS, intervals_of(intervals), strict=True))


def _question_table(found: Arrays) -> Table:
    """Median questions for 1, 3 and 5 answers, and who got to five; all ratings are answers, or half of them."""
    rows = []
    for name, method in _METHODS.items():
        cells: list[str] = []
        for taken in (found[f"whole/{name}"], found[f"questions/{name}"]):
            cells += [*(f"{median:.0f}" for median in np.median(taken, axis=0)), f"{np.mean(taken[:, -1] <= 20):.0%}"]
        rows.append((method.label, *cells))
    heads = [f"{head}, {part}" for part in ("all", "half") for head in ("1", "3", "5", "5 within 20")]
    return Table(("method", *heads), tuple(rows))


if __name__ == "__main__":
    main()
