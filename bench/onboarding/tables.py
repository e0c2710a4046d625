"""The tables of docs/onboarding.md."""

from collections.abc import Iterable, Sequence

import numpy as np

from bench.onboarding.measuring import JUDGED, VIEWS, Measured
from bench.onboarding.methods import CONTROL, DEFAULT, METHODS, SETTINGS
from recsys_core.evaluation import Series, SimultaneousIntervals, simultaneous_means
from recsys_core.plotting import Table

__all__ = [
    "best_by_fold",
    "chosen_by_fold",
    "differences",
    "favoured",
    "gain_table",
    "ndcg_table",
    "open_words",
    "question_table",
    "settings_table",
]

_HEADS = tuple(f"{n} {kind[:-1] if n == 1 else kind}" for kind, n in JUDGED)


def ndcg_table(measured: Measured, part: str) -> Table:
    """Methods × views, and the mean of the six."""
    return _table(measured, part, "method", [(method.label, name) for name, method in METHODS.items()])


def settings_table(measured: Measured) -> Table:
    """The same for the settings of the default, on validation users."""
    return _table(measured, "validation", "setting", [("as it is", DEFAULT), *((name, name) for name in SETTINGS)])


def _table(measured: Measured, part: str, head: str, rows: Sequence[tuple[str, str]]) -> Table:
    cells = [
        (
            label,
            *(f"{measured.ndcg(part, name, view).mean():.4f}" for view in JUDGED),
            f"{measured.mean(part, name).mean():.4f}",
        )
        for label, name in rows
    ]
    return Table((head, *_HEADS, "mean"), tuple(cells))


def differences(measured: Measured) -> tuple[list[str], SimultaneousIntervals]:
    """Each method minus the control on test users: the six views and their mean, as one family."""
    names = [name for name in METHODS if name != CONTROL]
    users = measured.users("test")
    family = []
    for name in names:
        for view in JUDGED:
            family.append(Series(measured.ndcg("test", name, view) - measured.ndcg("test", CONTROL, view), users))
        family.append(Series(measured.mean("test", name) - measured.mean("test", CONTROL), users))
    return names, simultaneous_means(family, n_samples=4_000)


def favoured(measured: Measured) -> str:
    """The method for everybody, by validation users.

    Of the best mean and those that are not surely worse, the fewest questions for 5 answers.
    """
    means = {name: measured.mean("validation", name) for name in METHODS}
    best = max(METHODS, key=lambda name: means[name].mean())
    others = [name for name in METHODS if name != best]
    users = measured.users("validation")
    lost = simultaneous_means([Series(means[best] - means[name], users) for name in others])
    level = [best, *(name for name, low in zip(others, lost.ci_low, strict=True) if not low > 0)]
    return min(level, key=lambda name: measured.questions(f"validation/{name}/questions")[:, -1].mean())


def gain_table(names: list[str], found: SimultaneousIntervals) -> Table:
    width = len(JUDGED) + 1
    cells = [
        f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"
        for mean, low, high in zip(found.mean, found.ci_low, found.ci_high, strict=True)
    ]
    rows = tuple((METHODS[name].label, *cells[num * width : (num + 1) * width]) for num, name in enumerate(names))
    return Table(("method − most popular", *_HEADS, "mean"), rows)


def question_table(measured: Measured) -> Table:
    """Median questions for 1, 3 and 5 answers, and who got to five, with half and with all ratings as answers."""
    rows = []
    for name, method in METHODS.items():
        cells: list[str] = []
        for taken in (measured.questions(f"whole/{name}"), measured.questions(f"test/{name}/questions")):
            cells += [f"{np.median(taken[:, num]):.0f}" for num in range(taken.shape[1])]
            cells.append(f"{np.mean(taken[:, -1] <= 20):.0%}")
        rows.append((method.label, *cells))
    heads = ("1", "3", "5", "5 within 20")
    return Table(("method", *(f"{head}, all" for head in heads), *(f"{head}, half" for head in heads)), tuple(rows))


def best_by_fold(measured: Measured) -> list[str]:
    """The method with the highest mean on each fold's own validation users."""
    folds = measured.folds("validation")
    return [
        max(METHODS, key=lambda name: measured.mean("validation", name)[folds == fold].mean())
        for fold in np.unique(folds)
    ]


def chosen_by_fold(measured: Measured, chosen: Iterable[str]) -> SimultaneousIntervals:
    """On test users: the method that each fold's validation users chose, minus the control."""
    folds, gain = measured.folds("test"), np.zeros(len(measured.users("test")))
    for fold, name in enumerate(chosen):
        rows = folds == fold
        gain[rows] = (measured.mean("test", name) - measured.mean("test", CONTROL))[rows]
    return simultaneous_means([Series(gain, measured.users("test"))], n_samples=4_000)


def open_words(measured: Measured) -> str:
    """The default minus the control where titles that were not asked about stay in the ranking."""
    both = [measured.arrays[f"open/{name}/ndcg"] for name in (DEFAULT, CONTROL)]
    family = [Series(both[0][:, VIEWS.index(v)] - both[1][:, VIEWS.index(v)], measured.users("test")) for v in JUDGED]
    found = simultaneous_means(family, n_samples=4_000)
    cells = zip(_HEADS, found.mean, found.ci_low, found.ci_high, strict=True)
    return "; ".join(f"{head} {mean:+.3f} [{low:+.3f}, {high:+.3f}]" for head, mean, low, high in cells)
