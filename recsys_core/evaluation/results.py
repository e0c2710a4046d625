"""The result of an evaluation: metrics of every user, and what follows from them."""

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recsys_core.errors import ParameterError, ShapeError, StorageError
from recsys_core.evaluation.bootstrap import Intervals, PairedDifference, bootstrap_means, paired_differences
from recsys_core.evaluation.parameters import EvaluationParameters
from recsys_core.storage import load_arrays, read_manifest, save_arrays, write_manifest

__all__ = ["ALL", "Evaluation", "Metrics", "UserMetrics"]

ALL = "all"
"""The slice that is the whole part."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]*")


@dataclass(frozen=True, slots=True)
class Metrics:
    """A mean over users with its 95 % interval; a metric of the whole (coverage, Gini) has no interval."""

    mean: float
    ci_low: float | None
    ci_high: float | None
    n_users: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class UserMetrics:
    """One slice: the metrics of every user for every model that could be judged on it.

    user_ids      int64 of shape (n_rows,); a user has one row for each pooled evaluation
    metric_names  names of the columns of ``values``
    values        for each model an ndarray of shape (n_rows, n_metrics)
    overall       for each model the metrics of all lists together: one number for each pooled evaluation
    """

    user_ids: NDArray[np.int64]
    metric_names: tuple[str, ...]
    values: dict[str, NDArray[np.float64]]
    overall: dict[str, dict[str, tuple[float, ...]]]

    def __post_init__(self) -> None:
        expected = (len(self.user_ids), len(self.metric_names))
        for model, values in self.values.items():
            if values.shape != expected:
                raise ShapeError(f"metrics of {model} have shape {values.shape}, expected {expected}")

    @property
    def n_users(self) -> int:
        return len(np.unique(self.user_ids))

    def column(self, model: str, metric: str) -> NDArray[np.float64]:
        """One metric of one model, of shape (n_rows,); :class:`ParameterError` where it was not measured."""
        if model not in self.values:
            raise ParameterError(f"there are no figures for model {model!r}; there are for {', '.join(self.values)}")
        if metric not in self.metric_names:
            raise ParameterError(f"there is no metric {metric!r} by user; there are {', '.join(self.metric_names)}")
        return self.values[model][:, self.metric_names.index(metric)]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Several models on the same users. ``slices["all"]`` is the whole part, the others stand beside it.

    models   all names in the order of the tables; a slice may lack some
    details  what was evaluated and how: counts, seeds, the view on history lengths
    """

    protocol: str
    models: tuple[str, ...]
    slices: dict[str, UserMetrics]
    parameters: EvaluationParameters
    details: dict[str, Any]

    def __post_init__(self) -> None:
        for name in (*self.models, *self.slices):
            if not _NAME.fullmatch(name):
                raise ParameterError(f"{name!r} cannot name a model or slice; use letters, digits, _ + -")

    @property
    def n_users(self) -> int:
        return self.slices[ALL].n_users

    def slice_of(self, name: str) -> UserMetrics:
        """One slice; :class:`ParameterError` where there is no such one."""
        if name not in self.slices:
            raise ParameterError(f"there is no slice {name!r}; there are {', '.join(self.slices)}")
        return self.slices[name]

    def metrics(self, slice_name: str = ALL) -> dict[str, dict[str, Metrics] | None]:
        """For each model its metrics by name; None for a model without figures in this slice."""
        part = self.slice_of(slice_name)
        found: dict[str, dict[str, Metrics] | None] = dict.fromkeys(self.models)
        judged = [model for model in self.models if model in part.values]
        if not judged or len(part.user_ids) == 0:
            return found
        columns = np.concatenate([part.values[m] for m in judged], axis=1)
        intervals = bootstrap_means(
            columns, part.user_ids, n_samples=self.parameters.n_bootstrap, seed=self.parameters.seed
        )
        for number, model in enumerate(judged):
            start = number * len(part.metric_names)
            by_name = {name: _metrics(intervals, start + i) for i, name in enumerate(part.metric_names)}
            for name, numbers in part.overall.get(model, {}).items():
                by_name[name] = Metrics(float(np.mean(numbers)), None, None, intervals.n_users)
            found[model] = by_name
        return found

    def paired(self, model: str, other: str, metric: str, *, slice_name: str = ALL) -> PairedDifference:
        """``model`` minus ``other``, user by user."""
        part = self.slice_of(slice_name)
        difference = part.column(model, metric) - part.column(other, metric)
        return self._paired(difference[:, None], part)[0]

    def all_paired(self, reference: str, *, slice_name: str = ALL) -> dict[str, dict[str, PairedDifference]]:
        """``reference`` minus each other model: "hybrid_vs_als" → metric → difference. Empty without the reference."""
        part = self.slice_of(slice_name)
        others = [model for model in self.models if model in part.values and model != reference]
        if reference not in part.values or not others or len(part.user_ids) == 0:
            return {}
        columns = np.concatenate([part.values[reference] - part.values[other] for other in others], axis=1)
        differences = self._paired(columns, part)
        width = len(part.metric_names)
        return {
            f"{reference}_vs_{other}": dict(
                zip(part.metric_names, differences[i * width : (i + 1) * width], strict=True)
            )
            for i, other in enumerate(others)
        }

    def summary(self) -> dict[str, Any]:
        """The document of ``recsys evaluate --json``: protocol, n_users, models, slices, paired."""
        return {
            "protocol": self.protocol,
            "n_users": self.n_users,
            "models": _plain(self.metrics()),
            "slices": {name: _plain(self.metrics(name)) for name in self.slices if name != ALL},
            "paired": {
                pair: {metric: _without_count(found) for metric, found in by_metric.items()}
                for pair, by_metric in self.all_paired(self.parameters.reference).items()
            },
        }

    def save(self, directory: Path) -> None:
        arrays: dict[str, NDArray[Any]] = {}
        described = []
        for name, part in self.slices.items():
            arrays[f"{name}.user_ids"] = part.user_ids
            for model, values in part.values.items():
                arrays[f"{name}.values.{model}"] = values
            described.append(
                {
                    "name": name,
                    "metric_names": part.metric_names,
                    "models": list(part.values),
                    "overall": {model: list(found.items()) for model, found in part.overall.items()},
                }
            )
        save_arrays(directory / "metrics.npz", **arrays)
        write_manifest(
            directory,
            "Evaluation",
            parameters=self.parameters.as_dict(),
            protocol=self.protocol,
            models=self.models,
            slices=described,
            details=self.details,
        )

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "Evaluation")
        arrays = load_arrays(directory / "metrics.npz")
        try:
            slices = {
                part["name"]: UserMetrics(
                    arrays[f"{part['name']}.user_ids"],
                    tuple(part["metric_names"]),
                    {model: arrays[f"{part['name']}.values.{model}"] for model in part["models"]},
                    {
                        model: {metric: tuple(numbers) for metric, numbers in found}
                        for model, found in part["overall"].items()
                    },
                )
                for part in manifest["slices"]
            }
            return cls(
                manifest["protocol"],
                tuple(manifest["models"]),
                slices,
                EvaluationParameters(**manifest["parameters"]),
                manifest["details"],
            )
        except KeyError as error:
            raise StorageError(f"{directory}: {error} is missing from the stored evaluation; make it again") from error

    def _paired(self, differences: NDArray[np.float64], part: UserMetrics) -> list[PairedDifference]:
        chosen = self.parameters
        return paired_differences(differences, part.user_ids, n_samples=chosen.n_bootstrap, seed=chosen.seed)


def _metrics(intervals: Intervals, i: int) -> Metrics:
    return Metrics(float(intervals.mean[i]), float(intervals.ci_low[i]), float(intervals.ci_high[i]), intervals.n_users)


def _plain(by_model: dict[str, dict[str, Metrics] | None]) -> dict[str, Any]:
    return {
        model: None if found is None else {name: metric.as_dict() for name, metric in found.items()}
        for model, found in by_model.items()
    }


def _without_count(found: PairedDifference) -> dict[str, float]:
    return {"difference": found.difference, "ci_low": found.ci_low, "ci_high": found.ci_high}
