"""Run what is out of date, in this process or in several, and say what came of it."""

import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import dagster as dg
from filelock import FileLock, Timeout

import assets.graph  # noqa: F401  (declares all recipes)
from assets.launchpad import run_config
from assets.materialising.planning import Plan, plan
from assets.materialising.step import FORCE_TAG, PLAN_TAG, WHY_TAG
from assets.materialising.store import Pins
from assets.materialising.world import World
from pipelines.endings import settle_runs
from pipelines.failures import Failure, failures_of
from pipelines.instance import open_instance, runs_to_remember
from pipelines.jobs import PARTS
from pipelines.retention import clean_after_run
from pipelines.settings import Settings
from pipelines.telling import tell_dagster
from recsys_core.errors import MissingFileError, RecsysError
from recsys_core.storage import read_json, remove_leftovers, write_json

__all__ = [
    "RunOutcome",
    "check_data_folder",
    "exclusive_home",
    "look",
    "pipeline_job",
    "run_pipeline",
]

_JOB: ContextVar[dg.JobDefinition | None] = ContextVar("_JOB", default=None)
"""The job of the run that this process is in: Dagster asks for it five times, and each takes a quarter of a second."""
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How a run ended.

    run_id   Dagster's run; None when nothing was out of date
    versions of all assets as this run has them: made, or found up to date
    failed   what failed, and why
    seconds  for each asset that was made, as people see it called, the seconds of its own work
    """

    plan: Plan
    run_id: str | None
    failed: list[Failure] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


def run_pipeline(
    settings: Settings,
    *,
    force: bool = False,
    only: Literal["data", "training"] | None = None,
    on_plan: Callable[[Plan], None] | None = None,
) -> RunOutcome:
    """Bring every asset up to date with the files, parameters and code as they are.

    ``only`` takes one part of the pipeline, training on the features as they are stored; ``force`` makes all
    assets of it anew, and lets another catalogue take the place of the home's. Raises RecsysError for what is wrong
    before anything runs.
    """
    world = World(settings.workspace())
    check_data_folder(settings.data_dir)
    _ = world.configuration  # mistakes in it are told before anything is made
    os.environ.update(settings.as_environment())
    with exclusive_home(settings):
        instance = open_instance(settings)
        settle_runs(settings, instance)
        work = look(instance, world, groups=PARTS[only] if only else None)
        if force:
            work = work.everything("asked for by --force")
        if on_plan:
            on_plan(work)
        if not work.stale:
            return RunOutcome(work, None, versions=work.found)
        return _execute(settings, world, instance, work, force=force)


def look(instance: dg.DagsterInstance, world: World, *, groups: Collection[str] | None = None) -> Plan:
    """What is out of date, told to Dagster; what dead processes left is removed on the way."""
    remove_leftovers(world.store.root)
    Pins.forget(world.store.root, runs_to_remember(instance))
    work = plan(world, groups=groups)
    tell_dagster(instance, world, work)
    return work


def _execute(settings: Settings, world: World, instance: dg.DagsterInstance, work: Plan, *, force: bool) -> RunOutcome:
    plan_id = work.pin(world)
    built = _JOB.set(pipeline_job())
    try:
        with dg.execute_job(
            dg.reconstructable(pipeline_job),
            instance=instance,
            asset_selection=work.names.keys(work.stale),
            tags={PLAN_TAG: plan_id, WHY_TAG: "; ".join(work.causes)[:1000], **({FORCE_TAG: "yes"} if force else {})},
            raise_on_error=False,
            run_config={**_QUIET, **run_config(world.configuration)},
        ) as result:
            run_id, events = result.run_id, result.all_events
            failed = [] if result.success else failures_of(instance, run_id)
    finally:
        _JOB.reset(built)
        settle_runs(settings, instance)
    pins = Pins(world.store.root, run_id, [plan_id])
    versions = {name: pins.get(name) or version for name, version in (work.found | work.versions).items()}
    if not failed:
        clean_after_run(settings, world.configuration.retention, instance)
    return RunOutcome(work, run_id, failed, dict(_seconds(events)), versions)


def pipeline_job() -> dg.JobDefinition:
    """The whole pipeline's job, bound to the places in the environment."""
    from pipelines.definitions import build_definitions

    return _JOB.get() or build_definitions(Settings.from_environment()).resolve_job_def("pipeline")


@contextmanager
def exclusive_home(settings: Settings) -> Iterator[None]:
    """Hold the home for one writer; the system releases the lock when the process dies."""
    holder = settings.home / "run.json"
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(settings.home / "run.lock")
        lock.acquire(timeout=0)
    except Timeout:
        other = ""
        with suppress(RecsysError, KeyError, TypeError):
            other = " (process {process}, since {since})".format_map(read_json(holder))
        raise RecsysError(
            f"another run{other} is working in {settings.home}; wait for it, or give another --home"
        ) from None
    except OSError as error:
        raise RecsysError(f"home {settings.home}: cannot be written ({error.strerror}); give another --home") from error
    try:
        write_json(holder, {"process": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")})
        yield
    finally:
        lock.release()


def check_data_folder(data_dir: Path) -> None:
    if not data_dir.is_dir():
        kind = "is not a folder" if data_dir.exists() else "does not exist"
        raise MissingFileError(
            f"data folder {data_dir} {kind}; give --data a folder with ratings.csv and movies.csv, or with other data "
            "and the dataset.yaml that recsys init-dataset FOLDER drafts"
        )


def _seconds(events: Sequence[dg.DagsterEvent]) -> Iterator[tuple[str, float]]:
    for event in events:
        if event.is_step_materialization:
            materialization = event.step_materialization_data.materialization
            value = materialization.metadata.get("seconds")
            if value is not None:
                yield materialization.asset_key.path[-1], float(str(value.value))


def since_process_start() -> float:
    """Seconds since this process began, imports included."""
    try:
        fields = Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()
        uptime = float(Path("/proc/uptime").read_text().split()[0])
        return uptime - float(fields[19]) / os.sysconf("SC_CLK_TCK")
    except OSError:  # not Linux
        return time.process_time()
