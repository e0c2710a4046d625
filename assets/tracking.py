"""The MLflow run that belongs to a Dagster run, and how the assets' pages are mirrored in it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from assets.materialising import Step
from registry.run_log import RunLog
from registry.tracking import Tracking

__all__ = ["tracked", "tracked_child"]

_OPEN = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


def tracked(step: Step) -> tuple[Tracking, RunLog]:
    """The store of runs, and the parent run of this Dagster run: found, or made and described."""
    context, tracking = step.context, step.inputs.places.tracking
    going_on = {run.run_id for run in context.instance.get_runs(filters=dg.RunsFilter(statuses=_OPEN))}
    tracking.close_abandoned(going_on | {context.run.run_id})
    run_id = tracking.parent_run(
        context.run.run_id,
        tags={
            "data_dir": step.workspace.data_dir,
            "data_fingerprint": step.inputs.data_fingerprint,
            "git_commit": _git_commit(),
            "why": context.run.tags.get("recsys/why", ""),
        },
    )
    return tracking, tracking.log(run_id)


@contextmanager
def tracked_child(step: Step, name: str) -> Iterator[RunLog]:
    """A child run of this Dagster run's parent for the length of a block."""
    tracking, parent = tracked(step)
    with tracking.child(parent.run_id, name) as log:
        yield log


def _git_commit() -> str:
    """The source's commit, with a + when files differ from it; "unknown" outside a checkout."""
    root = Path(__file__).resolve().parents[1]
    try:
        described = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty=+", "--abbrev=12"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return described.stdout.strip()
