"""Figures as text: short numbers and intervals, models × slices, and differences with verdicts."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from bench.accuracy.comparing import Family
from recsys_core.evaluation import Evaluation, SimultaneousIntervals
from recsys_core.plotting import Table

__all__ = ["ABSENT", "HEADINGS", "family_table", "intervals_of", "mean_of", "number", "slices_by_model"]

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


def number(value: float, sign: str = "") -> str:
    """Three decimals, without the zero before the point: .334, 1.281, −.008."""
    shown = f"{value:{sign}.3f}".replace("-", "−")
    return shown.replace("0.", ".", 1) if abs(value) < 0.9995 else shown


def intervals_of(found: SimultaneousIntervals, form: str) -> list[str]:
    """Each series' mean with its interval, in the format ``form``: +0.0184 [+0.0157, +0.0212]."""
    series = zip(found.mean, found.ci_low, found.ci_high, strict=True)
    return [
        f"{mean:{form}} not judged" if np.isnan(low) else f"{mean:{form}} [{low:{form}}, {high:{form}}]"
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
    means = {(model, name): (found[name].get(model) or {}).get(metric) for model in models for name in slices}
    largest = {name: max((m.mean for model in models if (m := means[model, name])), default=0.0) for name in slices}

    def cell(model: str, name: str) -> str:
        mean = means[model, name]
        if mean is None:
            return ABSENT
        text = f"**{number(mean.mean)}**" if best and mean.mean == largest[name] > 0 else number(mean.mean)
        if intervals and mean.ci_low is not None and mean.ci_high is not None:
            text += f" [{number(mean.ci_low)}, {number(mean.ci_high)}]"
        return text

    users = ("users", *(str(evaluation.slices[name].n_users) for name in slices))
    return _table("model", models, slices, cell, more=[users])


def family_table(family: Family, slices: Sequence[str]) -> Table:
    """Rows of models, columns of slices: ``+.036 [+.029, +.043] win``, or without an interval ``+.001 not judged``."""

    def cell(model: str, name: str) -> str:
        found = family.comparisons.get((model, name))
        if found is None:
            return ABSENT
        mean, low, high = (number(value, "+") for value in found)
        return f"{mean} {found.verdict}" if found.verdict == "not judged" else f"{mean} [{low}, {high}] {found.verdict}"

    models = dict.fromkeys(model for model, _ in family.comparisons)
    return _table("difference", models, slices, cell, prefix=f"{family.reference} − ")


def mean_of(evaluation: Evaluation, model: str, slice_name: str, metric: str = "ndcg@10") -> float:
    """Mean over the slice's rows."""
    return float(np.mean(evaluation.slice_of(slice_name).column(model, metric)))


def _table(
    head: str,
    models: Iterable[str],
    slices: Sequence[str],
    cell: Callable[[str, str], str],
    *,
    prefix: str = "",
    more: Sequence[tuple[str, ...]] = (),
) -> Table:
    """Without the rows of models that have no figure at all."""
    rows = [(prefix + model, *(cell(model, name) for name in slices)) for model in models]
    kept = [row for row in rows if any(text != ABSENT for text in row[1:])]
    return Table((head, *(HEADINGS[name] for name in slices)), (*kept, *more))
