"""What is written into a run: parameters, metrics, figures, tables, data sets and a study's trials."""

import json
import math
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recsys_core.errors import RegistryError

__all__ = ["RunLog", "TrialRecord", "flatten", "metric_key"]

_MAX_VALUE = 6000  # characters of a parameter that MLflow keeps
_MAX_DIGEST = 36  # characters of a data set's digest that MLflow keeps
_BATCH = 100  # parameters, or tags, in one call
_METRIC_BATCH = 1000
_TRIAL = "trial"
_TABLES = "mlflow.loggedArtifacts"  # where MLflow looks for the tables of a run


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One trial of a study. Times are milliseconds since 1970, UTC; ``state`` is Optuna's word for its end."""

    number: int
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    state: str = "COMPLETE"
    started_at: int | None = None
    ended_at: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


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

    def __init__(self, client: Any, run_id: str, experiment_id: str) -> None:
        self.client = client
        self.run_id = run_id
        self._experiment_id = experiment_id

    def params(self, nested: Mapping[str, Any]) -> None:
        """Log parameters, flattened. MLflow keeps a parameter for good: a changed value is a RegistryError."""
        from mlflow.entities import Param

        flat = flatten(nested)
        logged = self.client.get_run(self.run_id).data.params
        for key, value in flat.items():
            if key in logged and logged[key] != value[:_MAX_VALUE]:
                raise RegistryError(
                    f"run {self.run_id}: parameter {key} is logged as {logged[key]!r}, now it is {value!r}; "
                    "other parameters belong to another run"
                )
        new = [Param(key, value[:_MAX_VALUE]) for key, value in flat.items() if key not in logged]
        for part in _parts(new, _BATCH):
            self.client.log_batch(self.run_id, params=part)

    def metrics(self, values: Mapping[str, float], *, step: int = 0, prefix: str = "") -> None:
        """Log metrics under MLflow's spelling of their names (:func:`metric_key`); NaN is left out."""
        from mlflow.entities import Metric

        now = _now()
        entries = [
            Metric(metric_key(prefix + name), float(value), now, step)
            for name, value in values.items()
            if not math.isnan(value)
        ]
        for part in _parts(entries, _METRIC_BATCH):
            self.client.log_batch(self.run_id, metrics=part)

    def tags(self, values: Mapping[str, Any]) -> None:
        from mlflow.entities import RunTag

        for part in _parts([RunTag(key, str(value)) for key, value in values.items()], _BATCH):
            self.client.log_batch(self.run_id, tags=part)

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
        known = json.loads(self.client.get_run(self.run_id).data.tags.get(_TABLES, "[]"))
        table = {"path": name if name.endswith(".json") else f"{name}.json", "type": "table"}
        if table not in known:
            self.client.set_tag(self.run_id, _TABLES, json.dumps([*known, table]))

    def dataset(
        self,
        name: str,
        *,
        fingerprint: str,
        source: str,
        n_rows: int,
        columns: Mapping[str, str] | None = None,
        context: str = "training",
        profile: Mapping[str, Any] | None = None,
    ) -> None:
        """Record which data the run used: a name, a fingerprint and counts, never the rows themselves.

        ``columns`` maps column names to MLflow's types ("long", "double", "string"). The first 36 characters of
        ``fingerprint`` become the data set's digest; the profile has all of it.
        """
        from mlflow.entities import Dataset, DatasetInput, InputTag

        schema = [{"type": kind, "name": column, "required": True} for column, kind in (columns or {}).items()]
        entity = Dataset(
            name=name,
            digest=fingerprint[:_MAX_DIGEST],
            source_type="local",
            source=json.dumps({"uri": source}),
            schema=json.dumps({"mlflow_colspec": schema}) if schema else None,
            profile=json.dumps({"num_rows": n_rows, "fingerprint": fingerprint, **(profile or {})}),
        )
        self.client.log_inputs(self.run_id, [DatasetInput(entity, [InputTag("mlflow.data.context", context)])])

    def trials(self, trials: Iterable[TrialRecord], *, study: str = "tuning") -> int:
        """Log each trial as a child run of this one; those logged before are left alone. Returns how many are new."""
        from mlflow.entities import Metric, Param

        logged = self._logged_trials(study)
        new = [trial for trial in trials if trial.number not in logged]
        for trial in new:
            begun = trial.started_at if trial.started_at is not None else _now()
            ended = trial.ended_at if trial.ended_at is not None else _now()
            tags = {"mlflow.parentRunId": self.run_id, "stage": study, "state": trial.state, **trial.tags}
            tags[_TRIAL] = str(trial.number)
            run = self.client.create_run(
                self._experiment_id, start_time=begun, run_name=f"{study} trial {trial.number}", tags=tags
            )
            self.client.log_batch(
                run.info.run_id,
                metrics=[
                    Metric(metric_key(name), float(value), ended, 0)
                    for name, value in trial.metrics.items()
                    if not math.isnan(value)
                ],
                params=[Param(name, value[:_MAX_VALUE]) for name, value in flatten(trial.parameters).items()],
            )
            status = "FINISHED" if trial.state in {"COMPLETE", "PRUNED"} else "FAILED"
            self.client.set_terminated(run.info.run_id, status=status, end_time=ended)
        return len(new)

    def _logged_trials(self, study: str) -> set[int]:
        """Numbers of the trials logged whole: those whose run was closed, the last thing that is written."""
        condition = f"tags.`mlflow.parentRunId` = '{self.run_id}' and tags.stage = '{study}'"
        numbers: set[int] = set()
        token = None
        while True:
            page = self.client.search_runs([self._experiment_id], condition, page_token=token)
            closed = [run for run in page if run.info.status in {"FINISHED", "FAILED"} and _TRIAL in run.data.tags]
            numbers.update(int(run.data.tags[_TRIAL]) for run in closed)
            token = page.token
            if not token:
                return numbers


def _now() -> int:
    return int(time.time() * 1000)


def _parts(entries: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(entries), size):
        yield entries[start : start + size]
