"""What an evaluation found, for a notebook."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import pyarrow as pa

from recsys_core.evaluation import ALL, Evaluation
from recsys_core.library.frames import FrameKind, frame_of
from recsys_core.plotting import metrics_table, models_by_metric, paired_table

__all__ = ["EvaluationResult", "Picture"]

_SHOWN = ("ndcg", "recall", "precision", "map", "coverage")
_PLOTTED = 4


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """A plot that notebooks show."""

    png: bytes

    def save(self, path: str | PathLike[str]) -> None:
        Path(path).write_bytes(self.png)

    def __repr__(self) -> str:
        return f"Picture, {len(self.png):,} bytes of PNG; save(path) writes it"

    def _repr_png_(self) -> bytes:
        return self.png


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EvaluationResult:
    """Every model on the same test users, with 95 % bootstrap intervals.

    evaluation  all of it, by user and by slice
    """

    evaluation: Evaluation
    frame_kind: FrameKind = "pandas"

    def frame(self, slice_name: str = ALL) -> Any:
        """A row for each model and metric: mean, 95 % interval (null for a metric of all lists together), n_users."""
        rows = [
            {"model": model, "metric": name, **metric.as_dict()}
            for model, by_name in self.evaluation.metrics(slice_name).items()
            for name, metric in (by_name or {}).items()
        ]
        return frame_of(pa.Table.from_pylist(rows), self.frame_kind)

    def plot(self) -> Picture:
        """Each model's metrics with their intervals, the best model on top."""
        return Picture(models_by_metric(self.evaluation, self._metrics[:_PLOTTED]))

    @property
    def _metrics(self) -> list[str]:
        k = self.evaluation.parameters.ks[0]
        return [f"{name}@{k}" for name in _SHOWN]

    @property
    def _heading(self) -> str:
        return f"{self.evaluation.n_users:,} test users, {self.evaluation.protocol}; 95 % bootstrap intervals"

    def __repr__(self) -> str:
        tables = metrics_table(self.evaluation, self._metrics), paired_table(self.evaluation, self._metrics[:2])
        return "\n\n".join([self._heading, *(table.text() for table in tables)])

    def _repr_html_(self) -> str:
        table = metrics_table(self.evaluation, self._metrics).html(self._heading)
        return table + paired_table(self.evaluation, self._metrics[:2]).html()
