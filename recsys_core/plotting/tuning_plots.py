"""Plots of how the weights were found, as PNG bytes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys_core.errors import ParameterError
from recsys_core.evaluation.trade_off import TradeOff
from recsys_core.plotting.plot_style import (
    ACCENT,
    GRID,
    INK,
    MUTED,
    label_of,
    new_figure,
    png_of,
    quiet,
    spread,
    titled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["precision_coverage", "tuning_history"]


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
    titled(
        figure,
        "Tuning history",
        f"{objective}; each dot is a trial (a triangle: further down), the line is the best so far",
    )
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
    axes.plot(
        numbers[~below], values[~below], "o", color=MUTED, alpha=0.45, markersize=4.5, markeredgewidth=0, clip_on=False
    )
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
    axes.set_title(f"{label_of(stage)} · {len(found)} trials", size=10, color=INK, loc="left", pad=8)
    axes.set_xlabel("trial", size=8.5, color=MUTED)
    axes.locator_params(axis="x", integer=True, nbins=6)
    axes.locator_params(axis="y", nbins=5)


def precision_coverage(points: Sequence[TradeOff], *, k: int = 10, measured_on: str = "validation users") -> bytes:
    """Precision against catalogue coverage of several weights; those that nothing beats in both are joined."""
    from matplotlib.patheffects import withStroke

    if not points:
        raise ParameterError("there is no choice of weights to plot; give at least one")
    figure = new_figure(7.6, 5.0)
    titled(
        figure,
        "Precision and coverage of the hybrid's weights",
        f"{measured_on}; up is more right, to the right is more of the catalogue; the line joins the unbeaten choices;"
        "\nthe axes do not start at 0",
    )
    axes = figure.add_axes((0.095, 0.115, 0.87, 0.72))
    quiet(axes)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    front = sorted((p for p in points if not any(_beats(q, p) for q in points)), key=lambda p: p.coverage)
    axes.plot([p.coverage for p in front], [p.precision for p in front], color=MUTED, linewidth=1, alpha=0.6, zorder=1)
    axes.set_xlim(*_around([p.coverage for p in points]))
    axes.set_ylim(*_around([p.precision for p in points]))
    by_height = sorted(points, key=lambda p: p.precision)
    low, high = axes.get_ylim()
    text_heights = spread([p.precision for p in by_height], (high - low) / 22)
    middle = sum(axes.get_xlim()) / 2
    for point, height in zip(by_height, text_heights, strict=True):
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
            leftwards = point.coverage > middle
            shown = axes.annotate(
                point.label or "chosen",
                (point.coverage, height),
                (-10 if leftwards else 10, 0),
                textcoords="offset points",
                size=10 if point.chosen else 9,
                weight="bold" if point.chosen else "normal",
                color=ACCENT if point.chosen else INK,
                ha="right" if leftwards else "left",
                va="center",
                zorder=5,
            )
            shown.set_path_effects([withStroke(linewidth=3, foreground="white")])
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
    axes.set_xlabel(f"coverage@{k}: share of the catalogue that is recommended to somebody", size=9, color=MUTED)
    axes.set_ylabel(f"precision@{k}", size=9, color=MUTED)
    return png_of(figure)


def _around(values: Sequence[float]) -> tuple[float, float]:
    """Limits that show the differences between ``values``: choices of weights lie close together."""
    low, high = min(values), max(values)
    room = max(0.2 * (high - low), 0.02 * abs(high), 1e-4)
    return max(0.0, low - room), high + room


def _beats(one: TradeOff, other: TradeOff) -> bool:
    better = (one.precision > other.precision, one.coverage > other.coverage)
    no_worse = one.precision >= other.precision and one.coverage >= other.coverage
    return no_worse and any(better)
