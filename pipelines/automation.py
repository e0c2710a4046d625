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


def retraining(cron: str) -> dg.ScheduleDefinition:
    """The schedule of the whole pipeline; ParameterError when ``cron`` is none."""
    try:
        return dg.ScheduleDefinition(
            name="retraining",
            job=PIPELINE_JOB,
            cron_schedule=cron,
            execution_timezone="UTC",
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
        if stats != seen.get("stats"):
            context.update_cursor(json.dumps({**seen, "stats": stats}))
            return dg.SkipReason("input files changed; waiting until they are the same at two looks")
        if stats == seen.get("handled"):
            return dg.SkipReason("input files are as they were")
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


def _stats(workspace: Workspace) -> dict[str, Any]:
    stats: dict[str, Any] = {}
    for name in TABLE_NAMES:
        path = locate_table(workspace.data_path, workspace.dataset.table(name))
        if path is not None:
            stats[path.name] = [path.stat().st_size, path.stat().st_mtime_ns]
    return stats


SENSORS = [input_files_changed]
