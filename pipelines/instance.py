"""Dagster's instance inside RECSYS_HOME, and the runs that a killed process left behind."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import dagster as dg

from pipelines.settings import Settings

__all__ = ["PROCESS_TAG", "close_abandoned_runs", "open_instance", "runs_in_progress", "write_dagster_yaml"]

PROCESS_TAG = "recsys/process"  # pid and start time of the process that executes a run in itself

_DAGSTER_YAML = """\
# Written by recsys when missing; edit it freely, it is not overwritten.
nux:
  enabled: false
telemetry:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1  # one writer per home
run_monitoring:
  enabled: true
  start_timeout_seconds: 300
retention:
  sensor:
    purge_after_days: 14
  schedule:
    purge_after_days: 90
"""


def write_dagster_yaml(settings: Settings) -> None:
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    path = settings.dagster_home / "dagster.yaml"
    if not path.exists():
        path.write_text(_DAGSTER_YAML, encoding="utf-8")


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance in ``settings.dagster_home``, made on first use."""
    write_dagster_yaml(settings)
    return dg.DagsterInstance.from_config(str(settings.dagster_home))


def process_mark(pid: int | None = None) -> str:
    """A process's id and start time: ids come round again, the pair does not."""
    pid = os.getpid() if pid is None else pid
    started = ""
    with suppress(OSError, IndexError):
        started = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    return f"{pid}:{started}"


def runs_in_progress(instance: dg.DagsterInstance) -> Sequence[dg.DagsterRun]:
    """Runs that are being executed, by whichever process, as far as the instance knows."""
    statuses = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    return instance.get_runs(filters=dg.RunsFilter(statuses=statuses))


def close_abandoned_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs as failed whose process is gone, so that no page shows them running for ever."""
    closed = []
    for run in runs_in_progress(instance):
        mark = run.tags.get(PROCESS_TAG)
        if mark is not None and process_mark(int(mark.split(":")[0])) != mark:
            instance.report_run_failed(run, message="The process that executed this run was killed.")
            closed.append(run.run_id)
    return closed
