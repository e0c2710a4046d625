"""What is written into a run: parameters, metrics, tags, figures, tables and data sets."""

import json
import math
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from recsys_core.errors import RegistryError
from registry.data_sets import DataSet
from registry.mlflow_library import as_registry_error

__all__ = ["Point", "RunLog", "flatten", "metric_key"]

_MAX_VALUE = 6000  # characters of a parameter that MLflow keeps
_BATCH = 100  # parameters, or tags, in one call
_METRIC_BATCH = 1000
_TABLES = "mlflow.loggedArtifacts"  # where MLflow looks for the tables of a run


class Point(NamedTuple):
    """One value of a metric's history; ``at_ms`` are milliseconds since 1970, UTC."""

    name: str
    value: float
    step: int
    at_ms: int


def metric_key(name: str) -> str:
    """The name of a metric as MLflow allows it: "ndcg@10" becomes "ndcg_at_10"."""
    return name.replace("@", "_at_")


def flatten(nested: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested parameters as one level: ``{"als": {"factors": 64}}`` becomes ``{"als.factors": "64"}``.

    Lists become JSON; an empty mapping disappears.
    """
    flat: dict[str, str] = {}
    for key, value in nested.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{name}."))
        elif isinstance(value, (list, tuple)):
            flat[name] = json.dumps(list(value), default=str)
        else:
            flat[name] = str(value)
    return flat


class RunLog:
    """Writes into one run, given by its id. Every call is complete when it returns."""

    def __init__(self, client: Any, run_id: str) -> None:
        self.client = client
        self.run_id = run_id

    def params(self, nested: Mapping[str, Any]) -> None:
        """Log parameters, flattened. MLflow keeps a parameter for good: a changed value is a RegistryError."""
        from mlflow.entities import Param

        flat = flatten(nested)
        logged = self._run().data.params
        for key, value in flat.items():
            if key in logged and logged[key] != value[:_MAX_VALUE]:
                raise RegistryError(
                    f"run {self.run_id}: parameter {key} is logged as {logged[key]!r}, now it is {value!r}; "
                    "other parameters belong to another run"
                )
        new = [Param(key, value[:_MAX_VALUE]) for key, value in flat.items() if key not in logged]
        for part in _parts(new, _BATCH):
            self._write(params=part)

    def metrics(
        self,
        values: Mapping[str, float],
        *,
        prefix: str = "",
        model_id: str | None = None,
        data_set: DataSet | None = None,
    ) -> None:
        """Log metrics under MLflow's spelling of their names (:func:`metric_key`); NaN is left out.

        model_id, data_set  the logged model that they are of, and what it was measured on, where that is to be said
        """
        now = _now()
        about = {"model_id": model_id} if model_id else {}
        if data_set:
            about |= {"dataset_name": data_set.name, "dataset_digest": data_set.digest}
        self.points([Point(prefix + name, value, 0, now) for name, value in values.items()], **about)

    def points(self, points: Sequence[Point], **about: str) -> None:
        """Log values of metrics' histories; NaN is left out. ``about`` are further fields of MLflow's Metric."""
        from mlflow.entities import Metric

        entries = [
            Metric(metric_key(point.name), float(point.value), point.at_ms, point.step, **about)
            for point in points
            if not math.isnan(point.value)
        ]
        for part in _parts(entries, _METRIC_BATCH):
            self._write(metrics=part)

    def metric_names(self) -> set[str]:
        """The metrics that the run has, as MLflow spells them."""
        return set(self._run().data.metrics)

    def last_step(self, name: str) -> int:
        """The largest step of a metric's history; -1 without one."""
        with as_registry_error(f"run {self.run_id} cannot be asked for its metrics"):
            history = self.client.get_metric_history(self.run_id, metric_key(name))
        return max((point.step for point in history), default=-1)

    def tags(self, values: Mapping[str, Any]) -> None:
        from mlflow.entities import RunTag

        for part in _parts([RunTag(key, str(value)) for key, value in values.items()], _BATCH):
            self._write(tags=part)

    def file(self, name: str, content: bytes) -> None:
        """Keep ``content`` as the run's file ``name``, which may name folders: "plots/models.png"."""
        path = Path(name)
        if path.is_absolute() or ".." in path.parts or not path.name:
            raise RegistryError(f"a run's file needs a relative name without '..'; got {name!r}")
        with tempfile.TemporaryDirectory(prefix="recsys-") as folder:
            written = Path(folder) / path.name
            written.write_bytes(content)
            parent = path.parent.as_posix()
            self.client.log_artifact(self.run_id, str(written), None if parent == "." else parent)

    def figure(self, name: str, png: bytes) -> None:
        """Keep a PNG picture; MLflow shows it in the run's artifacts."""
        if not png.startswith(b"\x89PNG\r\n\x1a\n"):
            raise RegistryError(f"figure {name!r} is not a PNG picture: it starts with {png[:8]!r}")
        self.file(name if name.endswith(".png") else f"{name}.png", png)

    def json(self, name: str, value: Any) -> None:
        text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
        self.file(name if name.endswith(".json") else f"{name}.json", text.encode() + b"\n")

    def table(self, name: str, columns: Mapping[str, Sequence[Any]]) -> None:
        """Keep a small table in the form that MLflow's run comparison shows side by side; it replaces one of its name.

        (MLflow's own ``log_table`` would add the rows to those of an earlier attempt.)
        """
        lengths = {key: len(values) for key, values in columns.items()}
        if len(set(lengths.values())) > 1:
            raise RegistryError(f"table {name!r}: its columns have different lengths: {lengths}")
        rows = [list(row) for row in zip(*columns.values(), strict=True)]
        self.json(name, {"columns": list(columns), "data": rows})
        known = json.loads(self._run().data.tags.get(_TABLES, "[]"))
        table = {"path": name if name.endswith(".json") else f"{name}.json", "type": "table"}
        if table not in known:
            self.client.set_tag(self.run_id, _TABLES, json.dumps([*known, table]))

    def data_sets(self, *data_sets: DataSet) -> None:
        """Record which data the run used; what is recorded already stays as it is."""
        with as_registry_error(f"run {self.run_id} cannot be written to"):
            self.client.log_inputs(self.run_id, [data_set.entity() for data_set in data_sets])

    def _run(self) -> Any:
        with as_registry_error(f"run {self.run_id} cannot be read"):
            return self.client.get_run(self.run_id)

    def _write(self, **entries: Sequence[Any]) -> None:
        with as_registry_error(f"run {self.run_id} cannot be written to"):
            self.client.log_batch(self.run_id, **entries)


def _now() -> int:
    return int(time.time() * 1000)


def _parts(entries: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(entries), size):
        yield entries[start : start + size]
