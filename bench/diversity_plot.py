"""The picture of docs/diversity.md: NDCG against three measures of how varied the lists are."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from recsys_core.plotting.plot_style import INK, MUTED, new_figure, png_of, quiet, titled
from recsys_core.reranking import Method

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bench.diversity import Outcome

__all__ = ["METHOD_LABELS", "trade_off_plot"]

METHOD_LABELS: Final[dict[Method, str]] = {"mmr": "MMR", "dpp": "DPP", "calibrated": "Calibrated"}
_COLOURS: Final[dict[Method, str]] = {"mmr": "#d55e00", "dpp": "#0072b2", "calibrated": "#009e73"}
_PANELS: Final = (
    ("diversity", "Intra-list diversity@10  →  more varied"),
    ("coverage", "Coverage@10  →  more of the catalogue"),
    ("miscalibration", "Distance to the liked genres, nats  →  nearer"),
)


def trade_off_plot(
    off: "Outcome",
    curves: Mapping[Method, Sequence["Outcome"]],
    low: Mapping[Method, Sequence[float]],
    high: Mapping[Method, Sequence[float]],
    suggested: "Outcome",
    n_users: int,
) -> bytes:
    """Three panels that share NDCG@10; lines run from off to diversity 1."""
    figure = new_figure(12.4, 4.6)
    titled(
        figure,
        "What diversity costs",
        f"NDCG@10 of {n_users} validation users at diversity 0 (off), .1, .2, .3, .4, .5, .6, .8 and 1; vertical lines "
        "are 95 % intervals of the difference to off, for all points together",
    )
    panels: Sequence[Any] = figure.subplots(1, len(_PANELS), sharey=True)
    start = float(off.ndcg.mean())
    for axes, (measure, label) in zip(panels, _PANELS, strict=True):
        quiet(axes)
        axes.axhline(start, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        for method, curve in curves.items():
            across = [_mean(point, measure) for point in (off, *curve)]
            up = [float(point.ndcg.mean()) for point in (off, *curve)]
            axes.plot(across, up, "-o", color=_COLOURS[method], linewidth=1.6, markersize=4.2, zorder=3)
            for num, place in enumerate(across[1:]):
                ends = [start + low[method][num], start + high[method][num]]
                axes.plot([place, place], ends, color=_COLOURS[method], linewidth=3, alpha=0.18, zorder=2)
        axes.plot(_mean(off, measure), start, "o", color=INK, markersize=6, zorder=4)
        _mark(axes, _mean(suggested, measure), float(suggested.ndcg.mean()))
        axes.set_xlabel(label, size=9.5, color=INK, labelpad=8)
        axes.margins(x=0.06)
        if measure == "miscalibration":
            axes.invert_xaxis()
        if measure == "coverage":
            axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.1f} %")
    panels[0].set_ylabel("NDCG@10", size=9.5, color=INK)
    _legend(panels[1], list(curves), suggested)  # where no curve runs
    figure.subplots_adjust(left=0.06, right=0.985, top=0.83, bottom=0.14, wspace=0.08)
    return png_of(figure)


def _mean(point: "Outcome", measure: str) -> float:
    value = getattr(point, measure)
    return float(value if measure == "coverage" else value.mean())


def _mark(axes: "Axes", across: float, up: float) -> None:
    axes.plot(
        across, up, "o", markersize=11, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=1.3, zorder=5
    )


def _legend(axes: "Axes", methods: Sequence[Method], suggested: "Outcome") -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=_COLOURS[method], marker="o", markersize=4.2, linewidth=1.6, label=METHOD_LABELS[method])
        for method in methods
    ]
    handles.append(Line2D([], [], color=INK, marker="o", markersize=6, linewidth=0, label="off"))
    chosen = f"suggested: {METHOD_LABELS[suggested.parameters.method]} at {suggested.parameters.diversity:g}"
    handles.append(
        Line2D([], [], marker="o", markersize=10, fillstyle="none", markeredgecolor=INK, linewidth=0, label=chosen)
    )
    axes.legend(handles=handles, loc="lower left", frameon=False, fontsize=9, labelcolor=INK)
