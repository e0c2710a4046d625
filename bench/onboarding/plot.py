"""The picture of docs/onboarding.md: NDCG@10 by answers given and by questions shown."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bench.onboarding.measuring import VIEWS, Measured
from bench.onboarding.methods import CONTROL, DEFAULT
from recsys_core.plotting.plot_style import INK, MUTED, new_figure, png_of, quiet, spread, titled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["onboarding_plot"]

_LINES: Final = {
    DEFAULT: ("Expected gain", "#0072b2"),
    "variance": ("Factor model's variance", "#009e73"),
    "nearest_users": ("Nearest users", "#c98a00"),
    "likely_known": ("Most likely known", "#cc79a7"),
    CONTROL: ("Most popular", "#7f7f7f"),
    "helf": ("HELF", "#d55e00"),
}
_PANELS: Final = (("answers", "Answers given"), ("questions", "Questions shown, “not seen” included"))
_GAP: Final = 0.0042


def onboarding_plot(measured: Measured, n_people: int) -> bytes:
    """Two panels that share NDCG@10, with names beside the lines' ends."""
    figure = new_figure(11.6, 4.9)
    titled(
        figure,
        "What to ask newcomers about",
        f"NDCG@10 of the hybrid on {n_people} held-out people, from their answers alone; the dashed line is where "
        "nobody was asked anything",
    )
    panels: Sequence[Any] = figure.subplots(1, 2, sharey=True)
    start = float(measured.arrays["test/nothing"].mean())
    for axes, (kind, label) in zip(panels, _PANELS, strict=True):
        _panel(axes, measured, kind, start)
        axes.set_xlabel(label, size=9.5, color=INK, labelpad=8)
    panels[0].set_ylabel("NDCG@10", size=9.5, color=INK, labelpad=8)
    figure.subplots_adjust(left=0.062, right=0.985, top=0.84, bottom=0.13, wspace=0.04)
    return png_of(figure)


def _panel(axes: "Axes", measured: Measured, kind: str, start: float) -> None:
    quiet(axes)
    across = [0, *(n for view, n in VIEWS if view == kind)]
    axes.axhline(start, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    ends = []
    for name, (_, colour) in _LINES.items():
        up = [start, *(float(measured.ndcg("test", name, (view, n)).mean()) for view, n in VIEWS if view == kind)]
        strong = name in (DEFAULT, CONTROL)
        width, order = (2.2, 4) if strong else (1.4, 3)
        axes.plot(across, up, "-o", color=colour, linewidth=width, markersize=4.5 if strong else 3.4, zorder=order)
        ends.append(up[-1])
    for (name, (label, colour)), place in zip(_LINES.items(), spread(ends, _GAP), strict=True):
        weight = "bold" if name in (DEFAULT, CONTROL) else "normal"
        axes.text(across[-1] * 1.03, place, label, color=colour, size=8.8, weight=weight, va="center")
    axes.set_xlim(-0.03 * across[-1], across[-1] * 1.42)
    axes.set_xticks(across if kind == "answers" else np.array(across))
