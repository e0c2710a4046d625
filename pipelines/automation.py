"""When the pipeline runs by itself: on a schedule, weekly by default, and when something is out of date."""

import json
from typing import Any

import dagster as dg

from assets.configuration import Configuration
from assets.launchpad import run_config
from assets.materialising.code import differs_on_disk
from assets.materialising.planning import Plan
from assets.materialising.step import PLAN_TAG
from assets.materialising.versions import digest
from assets.materialising.world import World
from assets.workspace import Workspace
from pipelines.instance import UNFINISHED
from pipelines.jobs import PIPELINE_JOB
from pipelines.running import close_dead_runs, look, run_pipeline
from pipelines.settings import Settings
from recsys_core.dataset.schema import TABLE_NAMES
from recsys_core.errors import ParameterError, RecsysError
from recsys_core.reading import locate_table

__all__ = ["SENSORS", "bring_up_to_date", "out_of_date", "retraining"]

SENSOR_SECONDS = 30


def retraining(settings: Settings) -> dg.ScheduleDefinition:
    """The schedule of the whole pipeline; ParameterError when its cron is none."""
    cron = settings.retrain_cron
    try:
        return dg.ScheduleDefinition(
            name="retraining",
            job=PIPELINE_JOB,
            cron_schedule=cron,
            run_config_fn=lambda _: run_config(Configuration.read(settings.config_file)),
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description=f"The whole pipeline by the clock, in UTC: {cron} (RECSYS_RETRAIN_CRON).",
        )
    except dg.DagsterInvalidDefinitionError:
        raise ParameterError(
            f"RECSYS_RETRAIN_CRON is {cron!r}, expected minute, hour, day of the month, month and day of the week, "
            "such as '0 3 * * 1' for Mondays at 03:00 UTC"
        ) from None


@dg.op(name="run_what_is_out_of_date")
def _bring_up_to_date(context: dg.OpExecutionContext) -> None:
    try:
        outcome = run_pipeline(Settings.from_environment(), on_plan=lambda work: _log_plan(context, work))
    except RecsysError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    if outcome.failed:
        told = "; ".join(f"{failure['asset'] or 'the run'}: {failure['message']}" for failure in outcome.failed)
        raise dg.Failure(description=told, metadata={"run": outcome.run_id or ""}, allow_retries=False)
    context.add_output_metadata(
        {"run": outcome.run_id or "none: everything is up to date", "made": len(outcome.seconds)}
    )


def _log_plan(context: dg.OpExecutionContext, work: Plan) -> None:
    context.log.info("; ".join(work.causes) or "everything is up to date")


@dg.job(
    executor_def=dg.in_process_executor,
    description="What `recsys run` does: plan, and run what is out of date (as a run of the job pipeline of its own).",
)
def bring_up_to_date() -> None:
    _bring_up_to_date()


@dg.sensor(
    job=PIPELINE_JOB,
    minimum_interval_seconds=SENSOR_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Starts the pipeline on what is out of date: files by their content, parameters, code, lost values, "
        "another champion or tracking store."
    ),
)
def out_of_date(
    context: dg.SensorEvaluationContext, workspace: dg.ResourceParam[Workspace]
) -> dg.SensorResult | dg.SkipReason:
    """Ask for a run of what is out of date, once for each state of things.

    A file must look the same (size and modification time) at two ticks before it is read, so that a copy in
    progress starts nothing.
    """
    seen = json.loads(context.cursor) if context.cursor else {}
    try:
        world = World(workspace)
        stats = _stats(world)
        reason = _reason_to_wait(context, world)
        if reason is None and stats != seen.get("stats"):
            context.update_cursor(json.dumps({**seen, "stats": stats}))
            reason = "input files changed; waiting until they are the same at two looks"
        if reason is not None:
            return dg.SkipReason(reason)
        work = look(context.instance, world)
    except RecsysError as error:
        return dg.SkipReason(str(error))
    asked = digest([work.stale, work.versions]) if work.stale else ""
    if asked == seen.get("asked", ""):
        return dg.SkipReason("a run of this was asked for already" if asked else "everything is up to date")
    n_asked = seen.get("n_asked", 0) + 1
    cursor = json.dumps({"stats": stats, "asked": asked, "n_asked": n_asked})
    if not work.stale:
        context.update_cursor(cursor)
        return dg.SkipReason("everything is up to date")
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(
                run_key=f"{asked}-{n_asked}",  # counted: the same state may come back after another
                asset_selection=[dg.AssetKey(name) for name in work.stale],
                run_config=run_config(world.configuration),
                tags={PLAN_TAG: work.pin(world), "recsys/why": "; ".join(work.causes)[:500]},
            )
        ],
        cursor=cursor,
    )


def _reason_to_wait(context: dg.SensorEvaluationContext, world: World) -> str | None:
    changed = differs_on_disk()
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        return f"{changed[0]}{more} changed since the code was loaded: reload the code location"
    if not any(world.store.current(f"raw_{name}") for name in TABLE_NAMES):
        return "nothing has been made yet: run the pipeline once, then changes start it"
    close_dead_runs(world.workspace.home_path, context.instance)
    if context.instance.get_runs(filters=UNFINISHED, limit=1):
        return "a run is in progress; looking again after it"
    return None


def _stats(world: World) -> dict[str, Any]:
    stats: dict[str, Any] = {}
    for name in TABLE_NAMES:
        path = locate_table(world.workspace.data_path, world.dataset.table(name))
        if path is not None:
            stats[path.name] = [path.stat().st_size, path.stat().st_mtime_ns]
    return stats


SENSORS = [out_of_date]
