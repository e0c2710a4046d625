"""Plots of evaluations and tuning, as PNG bytes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys_core.errors import ParameterError
from recsys_core.evaluation.plot_style import (
    ACCENT,
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
from recsys_core.evaluation.results import ALL, Evaluation, Metrics
from recsys_core.evaluation.trade_off import TradeOff

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["metric_by_slice", "models_by_metric", "precision_coverage", "tuning_history"]

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
        axes.set_xlim(0, max(_high(found[model][metric]) for model in order) * 1.3)
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
    axes.plot(metric.mean, place, "o", color=colour, markersize=6.5, markeredgecolor="white")
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
    """How each model does for users who told little or much, and on famous or obscure titles."""
    groups = {
        "Users by number of known ratings": [name for name in evaluation.slices if name.startswith("history_")],
        "Hidden titles by popularity": [name for name in evaluation.slices if name.startswith("items_")],
    }
    by_slice = {name: evaluation.metrics(name) for names in groups.values() for name in names}
    drawn = {title: [name for name in names if any(by_slice[name].values())] for title, names in groups.items()}
    figure = new_figure(11.0, 4.6)
    titled(
        figure,
        f"{label_of(metric)} by slice",
        f"{_words(evaluation.protocol)}; compare models within a slice: slices differ in users and in number of "
        "targets. Band: 95 % interval of " + label_of(evaluation.parameters.reference),
    )
    panels = figure.subplots(1, 2, sharey=True, gridspec_kw={"width_ratios": [5, 4]})
    for axes, (title, names) in zip(panels, drawn.items(), strict=True):
        quiet(axes)
        axes.set_title(title, size=10, color=INK, loc="left", pad=8)
        axes.set_xticks(
            range(len(names)), [f"{_SLICE_LABELS.get(n, n)}\n{evaluation.slices[n].n_users:,} users" for n in names]
        )
        axes.set_xlim(-0.25, max(len(names) - 1, 1) + 0.95)
        axes.set_ylim(0, None)
        _slice_lines(axes, evaluation, metric, [by_slice[name] for name in names])
    top = max((_high(found[metric]) for by in by_slice.values() for found in by.values() if found), default=1.0)
    panels[0].set_ylim(-0.02 * top, 1.08 * top)
    figure.subplots_adjust(left=0.05, right=0.99, top=0.79, bottom=0.13, wspace=0.06)
    for axes in panels:
        _label_ends(axes)
    return png_of(figure)


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


def tuning_history(trials: Sequence[Mapping[str, Any]], *, objective: str = "NDCG@10 on validation users") -> bytes:
    """Value of each trial and the best so far, one panel for each stage.

    Each trial is a mapping with ``stage`` (text), ``number`` (int) and ``value`` (float, or None for a trial that
    gave none). The first trial of a stage is the defaults.
    """
    stages: dict[str, list[tuple[int, float]]] = {}
    for trial in trials:
        if trial["value"] is not None:
            stages.setdefault(str(trial["stage"]), []).append((int(trial["number"]), float(trial["value"])))
    if not stages:
        raise ParameterError("there is no finished trial to plot")
    figure = new_figure(1.2 + 3.5 * len(stages), 3.9)
    titled(figure, "Tuning history", f"{objective}; each dot is a trial, the line is the best so far")
    panels = figure.subplots(1, len(stages), squeeze=False, gridspec_kw={"width_ratios": [1] * len(stages)})[0]
    for axes, (stage, found) in zip(panels, stages.items(), strict=True):
        _stage(axes, stage, sorted(found))
    left = 0.62 / figure.get_figwidth()
    figure.subplots_adjust(left=left, right=1 - 0.25 * left, top=0.74, bottom=0.14, wspace=0.26)
    return png_of(figure)


def _stage(axes: "Axes", stage: str, found: Sequence[tuple[int, float]]) -> None:
    numbers, values = np.asarray([n for n, _ in found]), np.asarray([v for _, v in found])
    best = np.maximum.accumulate(values)
    winner = int(values.argmax())
    quiet(axes)
    # Trials far below the rest would flatten everything that matters: they are drawn at the lower edge.
    floor = min(values[0], np.quantile(values, 0.1))
    room = max(best[-1] - floor, 1e-4)
    bottom, top = floor - 0.15 * room, best[-1] + 0.22 * room
    below = values < bottom
    axes.plot(numbers[~below], values[~below], "o", color=MUTED, alpha=0.45, markersize=4.5, markeredgewidth=0)
    axes.plot(numbers[below], np.full(below.sum(), bottom), "v", color=MUTED, alpha=0.45, markersize=4.5, clip_on=False)
    axes.axhline(values[0], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    axes.step(numbers, best, where="post", color=ACCENT, linewidth=2)
    axes.plot(numbers[winner], values[winner], "o", color=ACCENT, markersize=7, markeredgecolor="white")
    middle = (numbers[0] + numbers[-1]) / 2
    axes.annotate(
        f"best {values[winner]:.4f}",
        (numbers[winner], values[winner]),
        (0, 8),
        textcoords="offset points",
        size=9,
        color=ACCENT,
        weight="bold",
        ha="left" if numbers[winner] < middle else "right",
    )
    axes.annotate(
        f"defaults {values[0]:.4f}",
        (numbers[-1], values[0]),
        (0, -4),
        textcoords="offset points",
        size=8.5,
        color=MUTED,
        ha="right",
        va="top",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
    )
    axes.set_ylim(bottom, top)
    axes.set_title(f"{stage} · {len(found)} trials", size=10, color=INK, loc="left", pad=8)
    axes.set_xlabel("trial", size=8.5, color=MUTED)
    axes.locator_params(axis="x", integer=True, nbins=6)
    axes.locator_params(axis="y", nbins=5)


def precision_coverage(points: Sequence[TradeOff], *, k: int = 10, measured_on: str = "validation users") -> bytes:
    """Precision against catalogue coverage of several weights; those that nothing beats in both are joined."""
    if not points:
        raise ParameterError("there is no choice of weights to plot; give at least one")
    figure = new_figure(7.6, 5.0)
    titled(
        figure,
        "Precision and coverage of the hybrid's weights",
        f"{measured_on}; up is more right, to the right is more of the catalogue; the line joins the unbeaten choices",
    )
    axes = figure.add_axes((0.095, 0.115, 0.87, 0.72))
    quiet(axes)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    right, up = (max(getattr(p, name) for p in points) for name in ("coverage", "precision"))
    front = sorted((p for p in points if not any(_beats(q, p) for q in points)), key=lambda p: p.coverage)
    axes.plot([p.coverage for p in front], [p.precision for p in front], color=MUTED, linewidth=1, alpha=0.6, zorder=1)
    for point in sorted(points, key=lambda p: p.chosen):
        named = bool(point.label)
        axes.plot(
            point.coverage,
            point.precision,
            "o",
            color=ACCENT if point.chosen else (INK if named else MUTED),
            markersize=11 if point.chosen else (6.5 if named else 5),
            markeredgecolor="white",
            alpha=1 if named or point.chosen else 0.5,
        )
        if named or point.chosen:
            leftwards = point.coverage > 0.75 * right
            axes.annotate(
                point.label or "chosen",
                (point.coverage, point.precision),
                (-9 if leftwards else 9, 1),
                textcoords="offset points",
                size=9.5 if point.chosen else 9,
                weight="bold" if point.chosen else "normal",
                color=ACCENT if point.chosen else INK,
                ha="right" if leftwards else "left",
                va="center",
            )
    axes.set_xlim(0, right * 1.08)
    axes.set_ylim(0, up * 1.12)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
    axes.set_xlabel(f"coverage@{k}: share of the catalogue that is recommended to somebody", size=9, color=MUTED)
    axes.set_ylabel(f"precision@{k}", size=9, color=MUTED)
    return png_of(figure)


def _beats(one: TradeOff, other: TradeOff) -> bool:
    better = (one.precision > other.precision, one.coverage > other.coverage)
    no_worse = one.precision >= other.precision and one.coverage >= other.coverage
    return no_worse and any(better)


def _words(protocol: str) -> str:
    return {"user_holdout": "held-out users", "temporal": "split by time", "published": "published split"}.get(
        protocol, protocol
    )
