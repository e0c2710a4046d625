"""Which process executes a run: recorded in the run, so that others can tell when it is gone."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

__all__ = ["PROCESS_TAG", "marking", "process_mark", "worker_is_gone"]

PROCESS_TAG = "recsys/process"


def process_mark(run_id: str, pid: int | None = None) -> str:
    """The run, the machine (of processes that see each other), and a process's id and start time.

    Ids come round again, the pair does not; runs that are executed again have a copy of their parent's tags.
    """
    pid = os.getpid() if pid is None else pid
    return f"{run_id[:8]}:{_machine()}:{pid}:{_started(pid)}"


def worker_is_gone(run: dg.DagsterRun) -> bool:
    """Whether the process that executes ``run`` is known not to be there any more."""
    mark = run.tags.get(PROCESS_TAG, "").split(":")
    if mark[:2] != [run.run_id[:8], _machine()]:  # not marked yet, or on another machine
        return False
    return process_mark(run.run_id, int(mark[2])) != ":".join(mark)


def marking(executor: dg.ExecutorDefinition) -> dg.ExecutorDefinition:
    """The same executor, which records its process before the first step, whoever launched the run."""

    def make(context: dg.InitExecutorContext) -> dg.Executor:
        assert executor.executor_creation_fn is not None
        return _Marking(executor.executor_creation_fn(context))

    schema: Any = executor.config_schema  # its converted form is taken as it is
    return dg.ExecutorDefinition(executor.name, schema, executor.get_requirements, make, executor.description)


class _Marking(dg.Executor):
    def __init__(self, inner: dg.Executor) -> None:
        self._inner = inner

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[dg.DagsterEvent]:
        run_id = plan_context.run_id
        plan_context.instance.add_run_tags(run_id, {PROCESS_TAG: process_mark(run_id)})
        yield from self._inner.execute(plan_context, execution_plan)

    @property
    def retries(self) -> Any:
        return self._inner.retries

    @property
    def step_dependency_config(self) -> Any:
        return self._inner.step_dependency_config


@cache
def _machine() -> str:
    """Where a process id means a process: host name and process namespace, one for each container."""
    namespace = ""
    with suppress(OSError):  # not Linux
        namespace = str(Path("/proc/self/ns/pid").readlink())
    return f"{socket.gethostname()}{namespace}".replace(":", "")


def _started(pid: int) -> str:
    """When the process began, in clock ticks since the machine did; empty where it is not there, or not on Linux."""
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    return ""
