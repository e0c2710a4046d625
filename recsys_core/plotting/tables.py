"""Tables of an evaluation, as Markdown for documents and as aligned text for a terminal; all of it in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from recsys_core.evaluation.results import ALL, Evaluation, Metrics

__all__ = ["Table", "evaluation_in_words", "metrics_table", "number", "paired_table", "slices_table"]

_ABSENT = "–"


@dataclass(frozen=True, slots=True)
class Table:
    """Column names and rows of text; the first column is left-aligned, the others right-aligned."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """The table as Markdown."""
        rule = ["---", *["---:"] * (len(self.columns) - 1)]
        return "\n".join("| " + " | ".join(row) + " |" for row in (self.columns, rule, *self.rows))

    def _repr_markdown_(self) -> str:
        """What a notebook shows of it."""
        return self.markdown()

    def text(self) -> str:
        """The table with aligned columns, for a terminal."""
        widths = [max(len(row[i]) for row in (self.columns, *self.rows)) for i in range(len(self.columns))]
        lines = (
            "  ".join(
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in (self.columns, *self.rows)
        )
        return "\n".join(line.rstrip() for line in lines)

    def html(self, caption: str = "") -> str:
        """As a notebook shows it; all texts are escaped."""
        cells = ("".join(_html_cell("th", i, name) for i, name in enumerate(self.columns)),)
        rows = ("".join(_html_cell("td", i, cell) for i, cell in enumerate(row)) for row in self.rows)
        above = f'<caption style="text-align: left">{escape(caption)}</caption>' if caption else ""
        return f"<table>{above}{''.join(f'<tr>{row}</tr>' for row in (*cells, *rows))}</table>"


def metrics_table(
    evaluation: Evaluation,
    metrics: Sequence[str] = ("ndcg@10", "recall@10", "precision@10", "map@10", "coverage@10"),
    *,
    slice_name: str = ALL,
) -> Table:
    """Models × metrics, each with its interval: ``.334 [.310, .358]``. Metrics that were not measured are left out."""
    found = evaluation.metrics(slice_name)
    known = [name for name in metrics if any(name in (by_name or {}) for by_name in found.values())]
    return Table(
        ("model", *known),
        tuple((model, *(_cell((by_name or {}).get(name)) for name in known)) for model, by_name in found.items()),
    )


def slices_table(evaluation: Evaluation, metric: str = "ndcg@10") -> Table:
    """Models × slices, and the number of users in each slice."""
    names = list(evaluation.slices)
    by_slice = {name: evaluation.metrics(name) for name in names}
    rows = []
    for model in evaluation.models:
        found = [(by_slice[name][model] or {}).get(metric) for name in names]
        rows.append((model, *(_ABSENT if cell is None else number(cell.mean) for cell in found)))
    users = ("users", *(str(evaluation.slices[name].n_users) for name in names))
    return Table(("model", *names), (*rows, users))


def paired_table(
    evaluation: Evaluation, metrics: Sequence[str] = ("ndcg@10", "recall@10"), *, slice_name: str = ALL
) -> Table:
    """The reference model minus each other, with intervals: ``+.017 [+.010, +.024]``."""
    pairs = evaluation.all_paired(evaluation.parameters.reference, slice_name=slice_name)
    return Table(
        ("difference", *metrics),
        tuple(
            (
                pair.replace("_vs_", " − "),
                *(
                    f"{number(by_metric[m].difference, '+')} "
                    f"[{number(by_metric[m].ci_low, '+')}, {number(by_metric[m].ci_high, '+')}]"
                    for m in metrics
                ),
            )
            for pair, by_metric in pairs.items()
        ),
    )


def evaluation_in_words(evaluation: Evaluation) -> str:
    """All models, the reference against each other, and the slices, at the shortest list length."""
    k = evaluation.parameters.ks[0]
    names = [f"{name}@{k}" for name in ("ndcg", "recall", "precision", "map", "coverage", "novelty", "diversity")]
    parts = (
        f"{evaluation.n_users} test users, {evaluation.protocol}; 95 % bootstrap intervals over users",
        metrics_table(evaluation, names).text(),
        paired_table(evaluation, names[:2]).text(),
        f"ndcg@{k} by slice\n{slices_table(evaluation, f'ndcg@{k}').text()}",
    )
    return "\n\n".join(parts)


def _html_cell(tag: str, column: int, text: str) -> str:
    return f'<{tag} style="text-align: {"right" if column else "left"}">{escape(text)}</{tag}>'


def _cell(metric: Metrics | None) -> str:
    if metric is None:
        return _ABSENT
    if metric.ci_low is None or metric.ci_high is None:
        return number(metric.mean)
    return f"{number(metric.mean)} [{number(metric.ci_low)}, {number(metric.ci_high)}]"


def number(value: float, sign: str = "") -> str:
    """Three decimals, without the zero before the point: .334, 1.281, −.008."""
    shown = f"{value:{sign}.3f}".replace("-", "−")
    return shown.replace("0.", ".", 1) if abs(value) < 0.9995 else shown
