"""Tables of the document: models × slices, and differences with verdicts."""

from collections.abc import Mapping, Sequence

import numpy as np

from bench.accuracy.comparing import Comparison, Family
from recsys_core.evaluation import Evaluation
from recsys_core.plotting import Table

__all__ = ["ABSENT", "family_table", "mean_of", "number", "slices_by_model"]

ABSENT = "–"


def number(value: float, sign: str = "") -> str:
    """Three decimals, without the zero before the point: .334, 1.281, −.008."""
    shown = f"{value:{sign}.3f}".replace("-", "−")
    return shown.replace("0.", ".", 1) if abs(value) < 0.9995 else shown


def slices_by_model(
    evaluation: Evaluation,
    models: Sequence[str],
    slices: Sequence[str],
    metric: str,
    *,
    intervals: bool = False,
    best: bool = True,
    headings: Mapping[str, str] | None = None,
) -> Table:
    """Mean of ``metric`` of ``models`` on ``slices``, the largest in bold (``best``), and the number of users.

    With ``intervals`` each mean has its 95 % bootstrap interval, not corrected. ``headings`` name the slices.
    """
    found = {name: evaluation.metrics(name) for name in slices}
    means = {(model, name): (found[name].get(model) or {}).get(metric) for model in models for name in slices}
    rows = []
    for model in models:
        cells = []
        for name in slices:
            cell = means[model, name]
            if cell is None:
                cells.append(ABSENT)
                continue
            largest = max(other.mean for m in models if (other := means[m, name]) is not None)
            text = number(cell.mean)
            text = f"**{text}**" if best and cell.mean == largest > 0 else text
            if intervals and cell.ci_low is not None and cell.ci_high is not None:
                text += f" [{number(cell.ci_low)}, {number(cell.ci_high)}]"
            cells.append(text)
        if any(cell != ABSENT for cell in cells):
            rows.append((model, *cells))
    users = ("users", *(str(evaluation.slices[name].n_users) for name in slices))
    return Table(("model", *((headings or {}).get(name, name) for name in slices)), (*rows, users))


def family_table(
    family: Family, slices: Sequence[str], *, prefix: str = "hybrid − ", headings: Mapping[str, str] | None = None
) -> Table:
    """Rows of models, columns of slices: ``+.036 [+.029, +.043] win``, or without an interval ``+.001 not judged``."""
    rows = []
    for model in dict.fromkeys(comparison.model for comparison in family.comparisons):
        cells = [ABSENT if (found := family.of(model, name)) is None else _difference(found) for name in slices]
        if any(cell != ABSENT for cell in cells):
            rows.append((prefix + model, *cells))
    return Table(("difference", *((headings or {}).get(name, name) for name in slices)), tuple(rows))


def _difference(found: Comparison) -> str:
    judged = found.verdict != "not judged"
    interval = f"[{number(found.ci_low, '+')}, {number(found.ci_high, '+')}] " if judged else ""
    return f"{number(found.difference, '+')} {interval}{found.verdict}"


def mean_of(evaluation: Evaluation, model: str, slice_name: str, metric: str = "ndcg@10") -> float:
    """Mean over the slice's rows."""
    return float(np.mean(evaluation.slice_of(slice_name).column(model, metric)))
