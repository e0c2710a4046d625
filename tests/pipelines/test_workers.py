"""Whichever process executes a run is recorded in it, and a run whose process is gone is closed."""

import subprocess
import sys
from collections.abc import Iterator

import dagster as dg
import pytest

from pipelines.endings import close_dead_runs
from pipelines.workers import PROCESS_TAG, marking, process_mark, worker_is_gone


@dg.op
def _do_nothing() -> None:
    pass


@dg.job(executor_def=marking(dg.in_process_executor))
def nothing() -> None:
    _do_nothing()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


def started(instance: dg.DagsterInstance, **options: object) -> dg.DagsterRun:
    return instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED, **options)  # type: ignore[arg-type]


def marked(instance: dg.DagsterInstance, run: dg.DagsterRun, mark: str) -> dg.DagsterRun:
    instance.add_run_tags(run.run_id, {PROCESS_TAG: mark})
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found


def status(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


@pytest.fixture
def dead_process() -> int:
    child = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    return int(child.stdout)


def mark_of_a_dead_one(run: dg.DagsterRun) -> str:
    """Of an earlier process with our own id: ids come round again."""
    return process_mark(run.run_id).rsplit(":", 1)[0] + ":1"


def test_the_executor_records_its_process_before_the_first_step(instance: dg.DagsterInstance) -> None:
    with dg.execute_job(dg.reconstructable(nothing), instance) as result:
        run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags[PROCESS_TAG] == process_mark(run.run_id)
    assert not worker_is_gone(run)


def test_a_run_whose_process_is_gone_is_closed(instance: dg.DagsterInstance, dead_process: int) -> None:
    run = started(instance)
    mark = process_mark(run.run_id).split(":")
    marked(instance, run, ":".join([*mark[:2], str(dead_process), "12345"]))

    assert close_dead_runs(instance) == [run.run_id]
    assert status(instance, run) == dg.DagsterRunStatus.FAILURE
    assert close_dead_runs(instance) == []


def test_a_run_of_an_earlier_process_with_our_id_is_closed(instance: dg.DagsterInstance) -> None:
    run = started(instance)
    marked(instance, run, mark_of_a_dead_one(run))
    assert close_dead_runs(instance) == [run.run_id]


def test_a_run_that_may_be_going_on_is_left_alone(instance: dg.DagsterInstance) -> None:
    begun, ours, elsewhere, again = (started(instance) for _ in range(4))
    marked(instance, ours, process_mark(ours.run_id))
    parts = mark_of_a_dead_one(elsewhere).split(":")
    marked(instance, elsewhere, ":".join([parts[0], "another container", *parts[2:]]))
    marked(instance, again, mark_of_a_dead_one(ours))  # executed again, it has a copy of its parent's tags

    assert close_dead_runs(instance) == []
    assert {status(instance, run) for run in (begun, ours, elsewhere, again)} == {dg.DagsterRunStatus.STARTED}
