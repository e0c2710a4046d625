"""How plots look: colours that colour-blind readers can tell apart, quiet axes, labels beside the lines.

Figures are made and drawn without pyplot, so that nothing global changes. matplotlib is imported when used.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "ACCENT",
    "GRID",
    "INK",
    "MUTED",
    "colour_of",
    "label_of",
    "new_figure",
    "png_of",
    "quiet",
    "spread",
    "titled",
]

INK, MUTED, GRID, ACCENT = "#1b1b1f", "#6b6f76", "#e4e6ea", "#0072b2"
_DPI = 150

# The palette of Okabe & Ito (2008), in the order in which models are usually told apart.
_COLOURS = {
    "hybrid": "#0072b2",
    "als": "#d55e00",
    "ease": "#009e73",
    "content": "#cc79a7",
    "item_knn": "#c98a00",
    "popularity": "#7f7f7f",
}
_FURTHER = ("#56b4e9", "#000000", "#8c6d31", "#5f4690")
_LABELS = {
    "hybrid": "Hybrid",
    "als": "ALS",
    "ease": "EASE",
    "content": "Content",
    "item_knn": "Item-kNN",
    "popularity": "Popularity",
    "ndcg": "NDCG",
    "recall": "Recall",
    "precision": "Precision",
    "map": "MAP",
    "mrr": "MRR",
    "hit_rate": "Hit rate",
    "coverage": "Coverage",
    "novelty": "Novelty (bits)",
    "diversity": "Diversity",
    "gini": "Gini",
}


def colour_of(model: str, models: Sequence[str]) -> str:
    """The model's colour, the same in every plot; names that are not built in share a second palette."""
    if model in _COLOURS:
        return _COLOURS[model]
    others = [name for name in models if name not in _COLOURS]
    return _FURTHER[others.index(model) % len(_FURTHER)]


def label_of(name: str) -> str:
    """A name as people write it: "als" → "ALS", "ndcg@10" → "NDCG@10"."""
    stem, at, k = name.partition("@")
    return _LABELS.get(stem, stem.replace("_", " ")) + at + k


def new_figure(width: float, height: float) -> "Figure":
    """An empty white figure, in inches, with room for a title."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def titled(figure: "Figure", title: str, subtitle: str) -> None:
    """A title and one line below it, at the figure's upper left."""
    inch = 1 / figure.get_figheight()
    figure.text(0.02, 1 - 0.16 * inch, title, size=13, weight="bold", color=INK, va="top")
    figure.text(0.02, 1 - 0.43 * inch, subtitle, size=9, color=MUTED, va="top")


def quiet(axes: "Axes", *, grid: str = "y") -> None:
    """No frame, pale grid along one axis, small grey tick labels."""
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0, labelsize=8.5, labelcolor=MUTED)
    axes.set_axisbelow(True)
    if grid in ("x", "y"):
        axes.grid(axis="x" if grid == "x" else "y", color=GRID, linewidth=0.8)


def spread(places: Sequence[float], gap: float) -> NDArray[np.float64]:
    """Places moved as little as needed to stand at least ``gap`` apart, in their order."""
    wanted = np.asarray(places, dtype=np.float64)
    order = np.argsort(wanted, kind="stable")
    offsets = gap * np.arange(len(wanted))
    # Pool adjacent violators: the least-squares non-decreasing fit to the places without their gaps.
    blocks: list[tuple[float, int]] = []
    for value in wanted[order] - offsets:
        blocks.append((float(value), 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (second, n_second), (first, n_first) = blocks.pop(), blocks.pop()
            blocks.append(((first * n_first + second * n_second) / (n_first + n_second), n_first + n_second))
    moved = np.empty_like(wanted)
    moved[order] = np.repeat([value for value, _ in blocks], [n for _, n in blocks]) + offsets
    return moved


def png_of(figure: "Figure") -> bytes:
    """The figure as PNG; the same figure gives the same bytes."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_DPI, metadata={"Software": None})
    return stream.getvalue()
