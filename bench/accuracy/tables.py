"""Figures as text: short numbers and intervals, models × slices, and differences with verdicts."""

from collections.abc import Mapping, Sequence

import numpy as np

from bench.accuracy.comparing import Family
from recsys_core.evaluation import Evaluation, SimultaneousIntervals
from recsys_core.plotting import Table, number

__all__ = ["ABSENT", "HEADINGS", "family_table", "intervals_of", "mean_of", "slices_by_model"]

ABSENT = "–"
HEADINGS = {
    **{name: name.replace("_", " ") for name in ("warm", "by_time", "first_1", "first_3", "first_5", "first_10")},
    "tail": "warm, tail items",
    "cold": "cold, among themselves",
    "cold_among_all": "cold, among all",
    "all_titles": "warm and cold targets, among all",
    "balanced_all": "targets of both kinds",
    "balanced_warm": "warm targets",
    "balanced_cold": "cold targets",
    "swapped": "another user's targets",
    "renamed": "another title's targets",
    "temporal": "all users",
    "temporal_known": "users with a history",
}
"""What a slice is called above a column."""


def intervals_of(found: SimultaneousIntervals) -> list[str]:
    """Each series' mean with its interval: +0.018 [+0.016, +0.021]."""
    series = zip(found.mean, found.ci_low, found.ci_high, strict=True)
    return [
        f"{mean:+.3f} not judged" if np.isnan(low) else f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"
        for mean, low, high in series
    ]


def slices_by_model(
    evaluation: Evaluation,
    models: Sequence[str],
    slices: Sequence[str],
    metric: str,
    *,
    intervals: bool = False,
    best: bool = True,
) -> Table:
    """Mean of ``metric`` of ``models`` on ``slices``, and the number of users.

    best       the largest is in bold
    intervals  each mean has its 95 % bootstrap interval, not corrected
    """
    found = {name: evaluation.metrics(name) for name in slices}
    figures = {(model, name): (found[name].get(model) or {}).get(metric) for model in models for name in slices}
    means = {place: figure for place, figure in figures.items() if figure}
    cells = {}
    for (model, name), mean in means.items():
        largest = max(other.mean for (_, on), other in means.items() if on == name)
        cells[model, name] = f"**{number(mean.mean)}**" if best and mean.mean == largest > 0 else number(mean.mean)
        if intervals and mean.ci_low is not None and mean.ci_high is not None:
            cells[model, name] += f" [{number(mean.ci_low)}, {number(mean.ci_high)}]"
    return _table("model", cells, slices, ("users", *(str(evaluation.slices[name].n_users) for name in slices)))


def family_table(family: Family, slices: Sequence[str]) -> Table:
    """Rows of models, columns of slices: ``+.036 [+.029, +.043] win``, or without an interval ``+.001 not judged``."""
    cells = {}
    for (model, name), found in family.comparisons.items():
        mean, low, high = (number(value, "+") for value in found)
        interval = "" if found.verdict == "not judged" else f" [{low}, {high}]"
        cells[f"{family.reference} − {model}", name] = f"{mean}{interval} {found.verdict}"
    return _table("difference", cells, slices)


def mean_of(evaluation: Evaluation, model: str, slice_name: str, metric: str = "ndcg@10") -> float:
    """Mean over the slice's rows."""
    return float(np.mean(evaluation.slice_of(slice_name).column(model, metric)))


def _table(head: str, cells: Mapping[tuple[str, str], str], slices: Sequence[str], *more: tuple[str, ...]) -> Table:
    """Of ``cells`` by row and slice; without the rows that have none in these slices."""
    names = dict.fromkeys(row for row, name in cells if name in slices)
    rows = ((row, *(cells.get((row, name), ABSENT) for name in slices)) for row in names)
    return Table((head, *(HEADINGS[name] for name in slices)), (*rows, *more))
