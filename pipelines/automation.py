"""When the pipeline runs by itself: on a schedule, weekly by default, and when an input file's content changes."""

import json
from typing import Any

import dagster as dg

from assets.versions import digest
from assets.workspace import Workspace
from pipelines.jobs import PIPELINE_JOB
from pipelines.planning import plan
from recsys_core.dataset.schema import TABLE_NAMES
from recsys_core.errors import ParameterError, RecsysError
from recsys_core.reading import locate_table

__all__ = ["SENSORS", "input_files_changed", "retraining"]

SENSOR_SECONDS = 30
_UNFINISHED = dg.RunsFilter(
    statuses=[
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ]
)


def retraining(cron: str) -> dg.ScheduleDefinition:
    """The schedule of the whole pipeline; ParameterError when ``cron`` is none."""
    try:
        return dg.ScheduleDefinition(
            name="retraining",
            job=PIPELINE_JOB,
            cron_schedule=cron,
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description=f"The whole pipeline by the clock, in UTC: {cron} (RECSYS_RETRAIN_CRON).",
        )
    except dg.DagsterInvalidDefinitionError:
        raise ParameterError(
            f"RECSYS_RETRAIN_CRON is {cron!r}, expected minute, hour, day of the month, month and day of the week, "
            "such as '0 3 * * 1' for Mondays at 03:00 UTC"
        ) from None


@dg.sensor(
    job=PIPELINE_JOB,
    minimum_interval_seconds=SENSOR_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts the pipeline when an input file's content (not merely its time stamp) changes.",
)
def input_files_changed(context: dg.SensorEvaluationContext, workspace: Workspace) -> dg.SensorResult | dg.SkipReason:
    """Ask for a run of what is out of date, once for each change of the files' content.

    A file must look the same (size and modification time) at two ticks before it is read, so that a copy in
    progress starts nothing.
    """
    seen = json.loads(context.cursor) if context.cursor else {}
    try:
        stats = _stats(workspace)
        reason = _reason_to_wait(context, workspace)
        if reason is None and stats != seen.get("stats"):
            context.update_cursor(json.dumps({**seen, "stats": stats}))
            reason = "input files changed; waiting until they are the same at two looks"
        elif reason is None and stats == seen.get("handled"):
            reason = "input files are as they were"
        if reason is not None:
            return dg.SkipReason(reason)
        work = plan(workspace)
    except RecsysError as error:
        return dg.SkipReason(str(error))
    cursor = json.dumps({"stats": stats, "handled": stats})
    if not work.stale:
        context.update_cursor(cursor)
        return dg.SkipReason("file times changed, but no content did")
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(
                run_key=digest([work.versions, stats]),  # the times too: a content may come back after another
                asset_selection=[dg.AssetKey(name) for name in work.stale],
                tags={"recsys/why": "; ".join(work.causes)[:500]},
            )
        ],
        cursor=cursor,
    )


def _reason_to_wait(context: dg.SensorEvaluationContext, workspace: Workspace) -> str | None:
    if not any(workspace.store.pointer(f"raw_{name}") for name in TABLE_NAMES):
        return "nothing has been made yet: run the pipeline once, then changes start it"
    if context.instance.get_runs(filters=_UNFINISHED, limit=1):
        return "a run is in progress; looking again after it"
    return None


def _stats(workspace: Workspace) -> dict[str, Any]:
    stats: dict[str, Any] = {}
    for name in TABLE_NAMES:
        path = locate_table(workspace.data_path, workspace.dataset.table(name))
        if path is not None:
            stats[path.name] = [path.stat().st_size, path.stat().st_mtime_ns]
    return stats


SENSORS = [input_files_changed]
