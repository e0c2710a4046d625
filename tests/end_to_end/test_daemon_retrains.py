"""Under a real `dagster-daemon`: a changed file, and the clock, each end in a finished run of the pipeline."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from pipelines.failures import failures_of
from pipelines.settings import Settings
from tests.end_to_end.calling import change_one_rating, clean_environment, recsys
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon"), pytest.mark.timeout(600)]

_SECONDS = 240
_DEFINITIONS = ("-m", "pipelines.definitions")


class Daemon:
    """A running `dagster-daemon` on a home, its log, and Dagster's own commands for sensors and schedules."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.environment = clean_environment(**settings.as_environment())
        self.log = settings.home / "daemon.log"

    def __enter__(self) -> "Daemon":
        self._opened = self.log.open("wb")
        self._child = subprocess.Popen(
            [sys.executable, "-m", "dagster._daemon", "run", *_DEFINITIONS],
            env=self.environment,
            stdout=self._opened,
            stderr=subprocess.STDOUT,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._child.terminate()
        try:
            self._child.wait(30)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._opened.close()

    def wait_for_run(self, tag: str, value: str) -> dg.DagsterRun:
        """The first run with this tag, when it has succeeded; what its failures say where it has not."""

        def ended() -> dg.DagsterRun | None:
            assert self._child.poll() is None, self.log.read_text(errors="replace")[-3000:]
            with dg.DagsterInstance.from_config(str(self.settings.dagster_home)) as instance:
                runs = instance.get_runs(filters=dg.RunsFilter(tags={tag: value}))
                if not runs or not runs[-1].is_finished:
                    return None
                failures = failures_of(instance, runs[-1].run_id)
            assert runs[-1].status == dg.DagsterRunStatus.SUCCESS, "; ".join(map(str, failures))
            return runs[-1]

        return self._wait(ended)

    def _wait(self, look: Callable[[], dg.DagsterRun | None]) -> dg.DagsterRun:
        return wait_until(look, _SECONDS, every=2, said=lambda: self.log.read_text(errors="replace")[-3000:])


@pytest.fixture
def settings(tmp_path: Path, made_home: Path) -> Settings:
    """A home in which the pipeline was run once on the small folder."""
    shutil.copytree(made_home, tmp_path, dirs_exist_ok=True)
    return Settings(tmp_path / "home", tmp_path / "data", tmp_path / "small.yaml")


def test_a_changed_file_gives_a_new_version_and_the_clock_starts_a_run(settings: Settings) -> None:
    with Daemon(settings) as daemon:  # sensor and schedule are on by default
        change_one_rating(settings.data_dir)
        run = daemon.wait_for_run("dagster/sensor_name", "out_of_date")

    assert run.tags["recsys/why"].startswith("raw_ratings: ratings.csv changed")
    listed = recsys("models", "--home", settings.home, "--json").document["models"]
    assert [entry["version"] for entry in listed] == ["2", "1"]
    said = recsys(
        *("run", "--data", settings.data_dir, "--home", settings.home, "--json"),
        *("--config", settings.config_file or ""),
    )
    assert said.document["made"] == {}, "what the daemon made is up to date for the command line"

    with Daemon(replace(settings, retrain_cron="* * * * *")) as daemon:
        run = daemon.wait_for_run("dagster/schedule_name", "retraining")
    assert run.job_name == "pipeline"
