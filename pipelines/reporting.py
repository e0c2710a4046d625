"""What a run reports: read from the stored values, so that a run with nothing to do reports the same."""

from typing import Any

from assets.documents import Promotion, Registration
from assets.tables import CleanTable
from assets.workspace import Workspace
from pipelines.running import RunOutcome
from recsys_core.dataset.schema import TABLE_NAMES
from recsys_core.evaluation import Evaluation

__all__ = ["run_report"]


def run_report(
    workspace: Workspace, outcome: RunOutcome, total_seconds: float, *, with_model: bool = True
) -> dict[str, Any]:
    """The document of ``recsys run --json``; without a model where only the data part was asked for."""
    if outcome.failed:
        return {"status": "failed", "dagster_run_id": outcome.run_id, "failed": outcome.failed}
    model = _model_report(workspace) if with_model else {"dagster_run_id": None}
    return {
        "status": "succeeded",
        **model,
        "dagster_run_id": outcome.run_id or model["dagster_run_id"],
        "data_fingerprint": workspace.data_fingerprint(),
        "rows": table_counts(workspace),
        "made": outcome.plan.stale,
        "seconds": {"total": round(total_seconds, 2), "assets": outcome.seconds},
    }


def _model_report(workspace: Workspace) -> dict[str, Any]:
    store = workspace.store
    registration = store.get("registered_model", Registration).content
    promotion = store.get("promotion", Promotion).content
    evaluation = store.get("evaluation", Evaluation)
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


def table_counts(workspace: Workspace) -> dict[str, dict[str, int]]:
    """Rows in, accepted and rejected of every table."""
    counts = {}
    for name in TABLE_NAMES:
        summary = workspace.store.get(name, CleanTable).summary
        counts[name] = {"in": summary["n_in"], "accepted": summary["n_accepted"], "rejected": summary["n_rejected"]}
    return counts
