"""What a run reports: read from the stored values, so that a run with nothing to do reports the same."""

from collections.abc import Mapping
from typing import Any

from assets.materialising.names import raw_asset
from assets.materialising.store import Store
from assets.materialising.versions import digest
from pipelines.running import RunOutcome
from recsys_core.dataset.roles import TABLE_NAMES
from recsys_core.dataset.table_folders import CleanTable
from recsys_core.evaluation import Evaluation
from registry.documents import Promotion, Registration

__all__ = ["run_report"]


def run_report(store: Store, outcome: RunOutcome, total_seconds: float, *, with_model: bool = True) -> dict[str, Any]:
    """The document of ``recsys run --json``; without a model where only the data part was asked for."""
    if outcome.failed:
        return {
            "status": "failed",
            "dagster_run_id": outcome.run_id,
            "failed": [failure.as_dict() for failure in outcome.failed],
        }
    model = _model_report(store, outcome.versions) if with_model else {"dagster_run_id": None}
    return {
        "status": "succeeded",
        **model,
        "dagster_run_id": outcome.run_id or model["dagster_run_id"],
        "data_fingerprint": _data_fingerprint(store, outcome.versions),
        "rows": _table_counts(store, outcome),
        "made": outcome.plan.told,
        "seconds": {"total": round(total_seconds, 2), "assets": outcome.seconds},
    }


def _model_report(store: Store, versions: Mapping[str, str]) -> dict[str, Any]:
    registration = store.load("registered_model", Registration, versions["registered_model"]).content
    promotion = store.load("promotion", Promotion, versions["promotion"]).content
    evaluation = store.load("evaluation", Evaluation, versions["evaluation"])
    return {
        "dagster_run_id": registration["dagster_run_id"],
        "mlflow_run_id": registration["mlflow_run_id"],
        "model_version": registration["version"],
        "verdict": promotion["verdict"],
        "reasons": promotion["reasons"],
        "metrics": {
            model: {name: metric.mean for name, metric in by_name.items()}
            for model, by_name in evaluation.metrics().items()
            if by_name is not None
        },
    }


def _data_fingerprint(store: Store, versions: Mapping[str, str]) -> str:
    """One short digest of all input files' contents: equal for equal data."""
    raw = [raw_asset(name) for name in TABLE_NAMES]
    records = [store.record(name, versions[name]) for name in raw if name in versions]
    return digest(
        {f"file {table}": found for record in records if record for table, found in record.parts["files"].items()}
    )


def _table_counts(store: Store, outcome: RunOutcome) -> dict[str, dict[str, int]]:
    """Rows in, accepted and rejected of every table, as people see it called."""
    counts, names = {}, outcome.plan.names
    for table in (table for table in TABLE_NAMES if table in outcome.versions):
        summary = store.load(table, CleanTable, outcome.versions[table], always=False).summary
        counts[names(table)] = {told: summary[f"n_{told}"] for told in ("in", "accepted", "rejected")}
    return counts
