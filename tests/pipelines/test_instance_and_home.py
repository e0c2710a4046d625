"""Dagster's instance in the home, and one writer per home."""

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from filelock import FileLock

from assets.materialising.step import PLAN_TAG
from assets.workspace import Workspace
from pipelines.instance import open_instance, runs_to_remember, write_dagster_yaml
from pipelines.running import exclusive_home, run_pipeline
from pipelines.settings import Settings
from recsys_core.errors import MissingFileError, RecsysError
from recsys_core.storage import scratch_directory


@dg.job
def nothing() -> None:
    pass


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def test_the_instance_lies_in_the_home_and_its_settings_are_kept_when_edited(settings: Settings) -> None:
    write_dagster_yaml(settings)
    path = settings.dagster_home / "dagster.yaml"
    written = yaml.safe_load(path.read_text())
    assert written["telemetry"] == {"enabled": False}
    assert written["concurrency"]["runs"]["max_concurrent_runs"] == 1

    path.write_text("telemetry:\n  enabled: false\nretention:\n  sensor: {purge_after_days: 3}\n")
    with open_instance(settings) as instance:
        assert instance.root_directory == str(settings.dagster_home)
    assert "purge_after_days: 3" in path.read_text()


def test_a_second_writer_is_sent_away_with_the_name_of_the_home(settings: Settings) -> None:
    settings.home.mkdir()
    with (
        FileLock(settings.home / "run.lock"),
        pytest.raises(RecsysError, match=r"another run is working in .*home; wait for it, or give another --home"),
        exclusive_home(settings),
    ):
        pytest.fail("two writers in one home")


def test_the_home_is_free_again_when_a_run_raised(settings: Settings) -> None:
    with pytest.raises(ZeroDivisionError), exclusive_home(settings):
        raise ZeroDivisionError
    with exclusive_home(settings):
        pass


def test_a_home_that_is_a_file_is_refused(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "home").write_text("no folder")
    with pytest.raises(RecsysError, match=r"cannot be written.*give another --home"), exclusive_home(settings):
        pass


@pytest.mark.parametrize("kind", ["does not exist", "is not a folder"])
def test_a_data_folder_that_is_none_is_named_before_anything_is_made(tmp_path: Path, kind: str) -> None:
    data = tmp_path / "elsewhere"
    if kind == "is not a folder":
        data.write_text("")
    with pytest.raises(MissingFileError, match=rf"data folder .*elsewhere {kind}; give --data a folder"):
        run_pipeline(Settings(home=tmp_path / "home", data_dir=data))
    assert not (tmp_path / "home").exists()


def test_the_other_writer_is_named(settings: Settings) -> None:
    with exclusive_home(settings), pytest.raises(RecsysError) as refused, exclusive_home(settings):
        pytest.fail("two writers in one home")
    message = str(refused.value)
    assert message.startswith(f"another run (process {os.getpid()}, since 20")
    assert message.endswith(f") is working in {settings.home}; wait for it, or give another --home")


def test_what_another_process_is_writing_is_not_taken_for_a_leftover_and_what_a_dead_one_left_is(
    settings: Settings, up_to_date: Workspace
) -> None:
    dead = up_to_date.store_directory / ".writing-scratch-of-a-dead-one"
    dead.mkdir()
    with scratch_directory(up_to_date.store_directory) as writing:
        outcome = run_pipeline(settings)
        assert writing.exists()

    assert outcome.run_id is None
    assert not dead.exists()


def test_pins_are_remembered_of_runs_that_go_on_or_failed_within_a_day_and_of_their_plans(
    instance: dg.DagsterInstance,
) -> None:
    def run(status: dg.DagsterRunStatus, plan: str) -> str:
        return instance.create_run_for_job(nothing, status=status, tags={PLAN_TAG: plan}).run_id

    going_on, begun = run(dg.DagsterRunStatus.STARTED, "plan-1"), run(dg.DagsterRunStatus.NOT_STARTED, "plan-2")
    failed, whole = run(dg.DagsterRunStatus.FAILURE, "plan-3"), run(dg.DagsterRunStatus.SUCCESS, "plan-4")

    remembered = runs_to_remember(instance)

    assert remembered == {going_on, begun, failed, "plan-1", "plan-2", "plan-3"}
    assert whole not in remembered
