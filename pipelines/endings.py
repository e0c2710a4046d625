"""What follows when a run is over, once: its MLflow run ends as it did, and people hear of a failure.

Asked for at the end of every command that runs the pipeline, at the beginning of the next one, and at every tick of a
sensor, so that it happens whoever launched the run and however its process ended.
"""

import logging
from datetime import UTC, datetime, timedelta

import dagster as dg
from filelock import FileLock, Timeout

from assets.materialising.step import WHY_TAG
from pipelines.failures import failures_of
from pipelines.instance import UNFINISHED
from pipelines.notices import Notice, send
from pipelines.settings import Settings
from pipelines.workers import worker_is_gone
from recsys_core.errors import RecsysError
from registry.tracking import RunStatus

__all__ = ["NOTICE_TAG", "close_dead_runs", "settle_runs"]

NOTICE_TAG = "recsys/notice"  # of a failed run: whether people were told
_MLFLOW_TAG = "recsys/mlflow"  # how the run's MLflow run ended
_DEAD_TAG = "recsys/killed"
_DAYS = 1.0  # after which nobody wants to hear of a failure any more
_WAIT_SECONDS = 30.0
_LOG = logging.getLogger("recsys")
_ENDINGS: dict[dg.DagsterRunStatus, RunStatus] = {
    dg.DagsterRunStatus.SUCCESS: "FINISHED",
    dg.DagsterRunStatus.FAILURE: "FAILED",
    dg.DagsterRunStatus.CANCELED: "KILLED",
}


def close_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs as failed whose process is gone, so that no page shows them running for ever; their ids."""
    dead = [run for run in instance.get_runs(filters=UNFINISHED) if worker_is_gone(run)]
    for run in dead:
        instance.add_run_tags(run.run_id, {_DEAD_TAG: "true"})
        instance.report_run_failed(run, message="The process that executed this run was killed.")
    return [run.run_id for run in dead]


def settle_runs(settings: Settings, instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """See to every run that is over and was not seen to; what cannot be done now is left for the next time.

    Returns the runs that succeeded and were seen to now: they may have left something for :mod:`pipelines.retention`.
    """
    made = []
    try:
        with FileLock(settings.home / "endings.lock", timeout=_WAIT_SECONDS):
            close_dead_runs(instance)
            recently = datetime.now(UTC) - timedelta(days=_DAYS)
            over = dg.RunsFilter(statuses=list(_ENDINGS), updated_after=recently)
            for run in instance.get_runs(filters=over):
                if run.status == dg.DagsterRunStatus.SUCCESS and _MLFLOW_TAG not in run.tags:
                    made.append(run)
                _settle(settings, instance, run)
    except (Timeout, OSError) as error:
        _LOG.warning("endings of runs are seen to later: %s", error)
    return made


def _settle(settings: Settings, instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    if _MLFLOW_TAG not in run.tags:
        status = "KILLED" if _DEAD_TAG in run.tags else _ENDINGS[run.status]
        try:
            settings.workspace().tracking().end_run(run.run_id, status)
            instance.add_run_tags(run.run_id, {_MLFLOW_TAG: status})
        except RecsysError as error:
            _LOG.warning("the MLflow run of run %s is closed later: %s", run.run_id[:8], error)
    if run.status == dg.DagsterRunStatus.FAILURE and NOTICE_TAG not in run.tags:
        try:
            told = _tell(settings, instance, run)
            instance.add_run_tags(run.run_id, {NOTICE_TAG: told})
        except RecsysError as error:
            _LOG.warning("the notice of run %s is sent later: %s", run.run_id[:8], error)


def _tell(settings: Settings, instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    if not settings.on_failure:
        return "nobody asked for one"
    causes = [str(failure) for failure in failures_of(instance, run.run_id)]
    send(Notice(run.run_id, run.job_name, str(settings.home), causes, run.tags.get(WHY_TAG, "")), settings.on_failure)
    return "sent"
