"""Plots of evaluations, as PNG bytes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from recsys_core.errors import ParameterError
from recsys_core.evaluation.results import ALL, Evaluation, Metrics
from recsys_core.plotting.plot_style import (
    GRID,
    INK,
    MUTED,
    colour_of,
    label_of,
    new_figure,
    png_of,
    quiet,
    spread,
    titled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["metric_by_slice", "models_by_metric"]

_NOTHING = Metrics(-1.0, None, None, 0)
_SLICE_LABELS = {
    "history_0": "none",
    "history_1_5": "1–5",
    "history_6_20": "6–20",
    "history_21_100": "21–100",
    "history_101_plus": "over 100",
    "items_head": "head",
    "items_mid": "middle",
    "items_tail": "tail",
    "items_cold": "cold",
}


def models_by_metric(
    evaluation: Evaluation,
    metrics: Sequence[str] = ("ndcg@10", "recall@10", "precision@10", "map@10"),
    *,
    slice_name: str = ALL,
) -> bytes:
    """One panel for each metric: every model's mean with its 95 % interval, best model on top."""
    found = {model: by_name for model, by_name in evaluation.metrics(slice_name).items() if by_name}
    if not found:
        raise ParameterError(f"slice {slice_name!r} has no figures to plot")
    absent = [name for name in metrics if any(name not in by_name for by_name in found.values())]
    if absent or not metrics:
        raise ParameterError(f"metric {', '.join(absent)!r} was not measured in slice {slice_name!r}")
    order = sorted(found, key=lambda model: found[model][metrics[0]].mean)
    figure = new_figure(2.0 + 2.45 * len(metrics), 1.35 + 0.42 * len(order))
    titled(
        figure,
        "Models compared" if slice_name == ALL else f"Models compared, {slice_name.replace('_', ' ')}",
        f"mean over {evaluation.slices[slice_name].n_users:,} users, full ranking, {_words(evaluation.protocol)}; "
        "lines are 95 % bootstrap intervals",
    )
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for axes, metric in zip(panels, metrics, strict=True):
        quiet(axes, grid="x")
        for place, model in enumerate(order):
            _interval(axes, found[model][metric], place, colour_of(model, evaluation.models))
        axes.set_title(label_of(metric), size=10, color=INK, loc="left", pad=8)
        axes.set_xlim(0, max(1e-3, *(_high(found[model][metric]) for model in order)) * 1.3)
        axes.locator_params(axis="x", nbins=4)
        axes.set_ylim(-0.6, len(order) - 0.4)
    panels[0].set_yticks(range(len(order)), [label_of(model) for model in order])
    panels[0].tick_params(axis="y", labelsize=10, labelcolor=INK)
    height = figure.get_figheight()
    figure.subplots_adjust(left=1.05 / figure.get_figwidth(), right=0.985, top=1 - 0.98 / height, bottom=0.34 / height)
    return png_of(figure)


def _interval(axes: "Axes", metric: Metrics, place: float, colour: str) -> None:
    if metric.ci_low is not None and metric.ci_high is not None:
        axes.plot([metric.ci_low, metric.ci_high], [place, place], color=colour, linewidth=2.2, alpha=0.45)
    axes.plot(metric.mean, place, "o", color=colour, markersize=6.5, markeredgecolor="white", clip_on=False, zorder=3)
    axes.annotate(
        f"{metric.mean:.3f}",
        (_high(metric), place),
        (5, 0),
        textcoords="offset points",
        size=8.5,
        color=INK,
        va="center",
    )


def _high(metric: Metrics) -> float:
    return metric.mean if metric.ci_high is None else metric.ci_high


def metric_by_slice(evaluation: Evaluation, metric: str = "ndcg@10") -> bytes:
    """How each model does for users who told little or much, and on famous, obscure or never rated titles."""
    histories = [name for name in evaluation.slices if name.startswith("history_")]
    items = [name for name in evaluation.slices if name.startswith("items_")]
    by_slice = {name: evaluation.metrics(name) for name in (*histories, *items)}
    histories, items = (
        [name for name in names if any(metric in (found or {}) for found in by_slice[name].values())]
        for names in (histories, items)
    )
    if not histories:
        raise ParameterError(f"there are no figures of metric {metric!r} by slice; expected one such as ndcg@10")
    figure = new_figure(13.0, 4.7)
    titled(
        figure,
        f"{label_of(metric)} by slice",
        f"{_words(evaluation.protocol)}; compare models within a slice: slices differ in users and in number of "
        "targets; band and lines are 95 % bootstrap intervals",
    )
    grid = figure.add_gridspec(1, 1, left=0.035, right=0.52, top=0.78, bottom=0.13)
    axes = figure.add_subplot(grid[0])
    quiet(axes)
    axes.set_title("Users by number of known ratings", size=10, color=INK, loc="left", pad=8)
    axes.set_xticks(range(len(histories)), [_slice_label(evaluation, name) for name in histories])
    axes.set_xlim(-0.3, max(len(histories) - 1, 1) + 0.85)
    _slice_lines(axes, evaluation, metric, [by_slice[name] for name in histories])
    axes.set_ylim(0, 1.04 * axes.get_ylim()[1])
    _label_ends(axes)
    if items:
        _item_panels(figure, evaluation, metric, {name: by_slice[name] for name in items})
    return png_of(figure)


def _slice_label(evaluation: Evaluation, name: str) -> str:
    return f"{_SLICE_LABELS.get(name, name)}\n{evaluation.slices[name].n_users:,} users"


def _item_panels(
    figure: "Figure", evaluation: Evaluation, metric: str, slices: Mapping[str, dict[str, dict[str, Metrics] | None]]
) -> None:
    """One narrow panel for each group of items, on its own scale; models in the order of the first group."""
    first = next(iter(slices.values()))
    order = sorted(evaluation.models, key=lambda model: (first[model] or {metric: _NOTHING})[metric].mean)
    grid = figure.add_gridspec(1, len(slices), left=0.6, right=0.995, top=0.72, bottom=0.13, wspace=0.16)
    figure.text(0.6, 0.802, "Hidden titles by popularity, each on its own scale", size=10, color=INK)
    for column, (name, by_model) in enumerate(slices.items()):
        axes = figure.add_subplot(grid[column])
        quiet(axes, grid="none")
        axes.axvline(0, color=GRID, linewidth=1)
        found = {model: by_name[metric] for model, by_name in by_model.items() if by_name}
        for place, model in enumerate(order):
            if model in found:
                _interval(axes, found[model], place, colour_of(model, evaluation.models))
            else:
                axes.text(0, place, "  cannot score", size=8, color=MUTED, va="center")
        axes.set_title(_slice_label(evaluation, name), size=8.5, color=MUTED, loc="left", pad=4)
        axes.set_xlim(0, max(max(_high(cell) for cell in found.values()) * 1.9, 1e-3))
        axes.set_xticks([])
        axes.set_ylim(-0.6, len(order) - 0.4)
        axes.set_yticks(range(len(order)), [label_of(model) for model in order] if column == 0 else [""] * len(order))
        axes.tick_params(axis="y", labelsize=9.5, labelcolor=INK)


def _slice_lines(
    axes: "Axes", evaluation: Evaluation, metric: str, slices: Sequence[Mapping[str, dict[str, Metrics] | None]]
) -> None:
    """One line for each model, broken where a slice has no figures; the reference with its band on top."""
    reference = evaluation.parameters.reference
    for model in sorted(evaluation.models, key=lambda name: name == reference):
        found = [(by_model[model] or {}).get(metric) for by_model in slices]
        means = [np.nan if cell is None else cell.mean for cell in found]
        if np.isnan(means).all():
            continue
        colour = colour_of(model, evaluation.models)
        bold = model == reference
        axes.plot(
            means,
            "o-",
            color=colour,
            linewidth=2.6 if bold else 1.5,
            markersize=6 if bold else 4.5,
            markeredgecolor="white",
            label=label_of(model),
        )
        if bold:
            lows = [np.nan if cell is None or cell.ci_low is None else cell.ci_low for cell in found]
            highs = [np.nan if cell is None or cell.ci_high is None else cell.ci_high for cell in found]
            axes.fill_between(range(len(found)), lows, highs, color=colour, alpha=0.13, linewidth=0)


def _label_ends(axes: "Axes") -> None:
    """Name each line at its last point, moved apart where names would touch."""
    lines = axes.get_lines()
    ends = []
    for line in lines:
        heights = np.asarray(line.get_ydata(), dtype=float)
        last = int(np.flatnonzero(~np.isnan(heights))[-1])
        ends.append((last, heights[last]))
    low, high = axes.get_ylim()
    points = axes.get_window_extent().height * 72 / axes.figure.dpi
    for last in {place for place, _ in ends}:
        chosen = [i for i, (place, _) in enumerate(ends) if place == last]
        moved = spread([ends[i][1] for i in chosen], 11.5 * (high - low) / points)
        for i, height in zip(chosen, moved, strict=True):
            axes.text(last + 0.1, height, str(lines[i].get_label()), color=lines[i].get_color(), size=9, va="center")


def _words(protocol: str) -> str:
    return {"user_holdout": "held-out users", "temporal": "split by time", "published": "published split"}.get(
        protocol, protocol
    )
