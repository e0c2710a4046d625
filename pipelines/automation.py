"""When the pipeline runs by itself: on a schedule, weekly by default, and when something is out of date."""

import json
import time
from typing import Any

import dagster as dg

from assets.configuration import Configuration
from assets.launchpad import run_config
from assets.materialising import RECIPES
from assets.materialising.code import differs_on_disk
from assets.materialising.names import AssetNames, raw_asset
from assets.materialising.planning import Plan
from assets.materialising.step import PLAN_TAG, WHY_TAG
from assets.materialising.versions import digest
from assets.materialising.world import World
from assets.workspace import Workspace
from pipelines.endings import NOTICE_TAG, close_dead_runs, settle_runs
from pipelines.failures import failures_of
from pipelines.instance import UNFINISHED
from pipelines.jobs import PIPELINE_JOB
from pipelines.retention import clean_after_run
from pipelines.running import look, run_pipeline
from pipelines.settings import Settings
from recsys_core.dataset.roles import TABLE_NAMES
from recsys_core.errors import ParameterError, RecsysError
from recsys_core.reading import locate_table
from recsys_core.reading.opening import parts_of

__all__ = ["SENSORS", "bring_up_to_date", "ended_runs", "out_of_date", "retraining"]

SENSOR_SECONDS = 30
ASK_AGAIN_SECONDS = (120.0, 900.0)  # after a failure that may pass by itself


def retraining(settings: Settings) -> dg.ScheduleDefinition:
    """The schedule of the whole pipeline; ParameterError when its cron is none."""
    cron = settings.retrain_cron
    try:
        return dg.ScheduleDefinition(
            name="retraining",
            job=PIPELINE_JOB,
            cron_schedule=cron,
            run_config_fn=lambda _: run_config(World(settings.workspace()).configuration),
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
        told = "; ".join(map(str, outcome.failed))
        context.instance.add_run_tags(context.run_id, {NOTICE_TAG: f"that of run {outcome.run_id}"})
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
    if not work.stale:
        context.update_cursor(json.dumps({"stats": stats, "n_asked": seen.get("n_asked", 0)}))
        return dg.SkipReason("everything is up to date")
    asked, tries = digest([work.stale, work.versions]), 1
    if asked == seen.get("asked"):
        tries = seen.get("tries", 1) + 1
        reason = _reason_not_to_ask_again(context.instance, seen.get("run_key", ""), tries)
        if reason is not None:
            return dg.SkipReason(reason)
    n_asked = seen.get("n_asked", 0) + 1
    run_key = f"{asked}-{n_asked}"  # counted: the same state may come back after another
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(
                run_key=run_key,
                asset_selection=work.names.keys(work.stale),
                run_config=run_config(world.configuration),
                tags={PLAN_TAG: work.pin(world), WHY_TAG: "; ".join(work.causes)[:500]},
            )
        ],
        cursor=json.dumps({"stats": stats, "asked": asked, "run_key": run_key, "n_asked": n_asked, "tries": tries}),
    )


def _reason_not_to_ask_again(instance: dg.DagsterInstance, run_key: str, tries: int) -> str | None:
    """Why what was asked for once is not asked for again: how its run ended, and when."""
    (record, *_) = [*instance.get_run_records(dg.RunsFilter(tags={"dagster/run_key": run_key}), limit=1), None]
    if record is None:
        return "a run of this was asked for already"
    run_id, status = record.dagster_run.run_id, record.dagster_run.status
    if status != dg.DagsterRunStatus.FAILURE:
        return f"run {run_id[:8]} of this ended as {status.value}; what it left is made by a run that somebody starts"
    failures = failures_of(instance, run_id)
    cause = str(failures[0]) if failures else "no cause is known"
    if not all(failure.may_pass for failure in failures):
        return f"run {run_id[:8]} of this failed and would again: {cause}"
    if tries > len(ASK_AGAIN_SECONDS) + 1:
        return f"{tries - 1} runs of this failed; start one when this is mended: {cause}"
    left = (record.end_time or 0.0) + ASK_AGAIN_SECONDS[tries - 2] - time.time()
    return f"run {run_id[:8]} of this failed; it is asked for again in {left:.0f} s: {cause}" if left > 0 else None


def _reason_to_wait(context: dg.SensorEvaluationContext, world: World) -> str | None:
    changed = differs_on_disk()
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        return f"{changed[0]}{more} changed since the code was loaded: reload the code location"
    if context.repository_def and not _is_loaded(context.repository_def, world.names):
        return "tables are called otherwise since the code was loaded: reload the code location"
    if not any(world.store.current(raw_asset(name)) for name in TABLE_NAMES):
        return "nothing has been made yet: run the pipeline once, then changes start it"
    close_dead_runs(context.instance)
    if context.instance.get_runs(filters=UNFINISHED, limit=1):
        return "a run is in progress; looking again after it"
    return None


def _is_loaded(location: dg.RepositoryDefinition, names: AssetNames) -> bool:
    """Whether the code location has every asset under its name of today, made of the same ones."""
    made_of = {
        names.key(recipe.name): {*names.keys([*recipe.upstream, *recipe.outside])} for recipe in RECIPES.values()
    }
    graph = location.asset_graph
    return all(graph.has(key) and graph.get(key).parent_keys == parents for key, parents in made_of.items())


def _stats(world: World) -> dict[str, Any]:
    stats: dict[str, Any] = {}
    for name in TABLE_NAMES:
        path = locate_table(world.workspace.data_path, world.dataset.table(name))
        for part in parts_of(path) if path is not None else []:
            stats[str(part)] = [part.stat().st_size, part.stat().st_mtime_ns]
    return stats


@dg.sensor(
    minimum_interval_seconds=SENSOR_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Sees to runs that are over: closes those whose process is gone, ends their MLflow runs as they ended, "
        "tells of failures (RECSYS_ON_FAILURE), and removes what nobody keeps any more."
    ),
)
def ended_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    settings = Settings.from_environment()
    if settle_runs(settings, context.instance):
        clean_after_run(settings, Configuration.read(settings.config_file).retention, context.instance)
    return dg.SkipReason("every run that is over was seen to")


SENSORS = [out_of_date, ended_runs]
