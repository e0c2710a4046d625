"""The sensor asks for a run of what is out of date, once, when files have come to rest."""

import os
import shutil
from pathlib import Path

import dagster as dg
import pytest

from assets.materialising import RECIPES
from assets.materialising.planning import plan
from assets.materialising.step import MAY_PASS, PLAN_TAG
from assets.materialising.store import Pins, Store
from assets.materialising.world import World
from assets.workspace import Workspace
from pipelines import automation
from pipelines.automation import out_of_date, retraining
from pipelines.settings import Settings
from tests.assets.materialising.configuring import configured, with_descendants
from tests.corpus.made_home import relabel


class Daemon:
    """Looks again and again, and carries the cursor from one look to the next as Dagster's daemon does."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace, self.cursor = workspace, None
        self.instance = dg.DagsterInstance.ephemeral()

    def look(self) -> dg.SensorResult | dg.SkipReason:
        context = dg.build_sensor_context(self.instance, cursor=self.cursor, resources={"workspace": self.workspace})
        result = out_of_date(context)
        self.cursor = getattr(result, "cursor", None) or context.cursor
        return result

    def says(self) -> str:
        result = self.look()
        assert isinstance(result, dg.SkipReason), result
        return result.skip_message or ""

    def runs(self, n_looks: int = 3) -> list[dg.RunRequest]:
        results = [self.look() for _ in range(n_looks)]
        return [request for result in results for request in getattr(result, "run_requests", None) or []]


@pytest.fixture(autouse=True)
def nobody_edits_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever works on the project while its tests run is not what these ask about."""
    monkeypatch.setattr(automation, "differs_on_disk", list)


@pytest.fixture
def daemon(up_to_date: Workspace) -> Daemon:
    made = Daemon(up_to_date)
    assert made.runs() == []
    assert made.says() == "everything is up to date"
    return made


def change(workspace: Workspace, text: str) -> None:
    path = workspace.data_path / "tags.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n" + text)
    moment = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(moment, moment))


def selected(request: dg.RunRequest) -> set[str]:
    return {key.to_user_string() for key in request.asset_selection or ()}


def test_changed_content_starts_one_run_of_what_is_out_of_date_and_says_why(daemon: Daemon) -> None:
    change(daemon.workspace, "1,101,funny,1500000000\n")

    (request,) = daemon.runs()

    assert selected(request) == with_descendants("raw_tags") == set(plan(World(daemon.workspace)).stale)
    assert request.tags["recsys/why"].startswith("raw_tags: tags.csv changed (SHA-256 ")
    assert daemon.says() == "a run of this was asked for already"


@dg.op
def _fails(context: dg.OpExecutionContext) -> None:
    told = {MAY_PASS: True} if context.run.tags["as"] == "server away" else {}
    raise dg.Failure(context.run.tags["as"], metadata=told, allow_retries=False)


@dg.job
def failing() -> None:
    _fails()


def failed(daemon: Daemon, request: dg.RunRequest, cause: str) -> str:
    tags = {"dagster/run_key": request.run_key or "", "as": cause}
    return failing.execute_in_process(instance=daemon.instance, raise_on_error=False, tags=tags).run_id


def test_what_failed_and_may_pass_is_asked_for_again_after_a_while_and_not_for_ever(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(daemon.workspace, "1,101,funny,1500000000\n")
    (request,) = daemon.runs()
    run_id = failed(daemon, request, "server away")
    assert daemon.says().startswith(f"run {run_id[:8]} of this failed; it is asked for again in 1")
    monkeypatch.setattr(automation, "ASK_AGAIN_SECONDS", (-1.0, -1.0))
    requests = [request]
    for _ in range(2):
        (again,) = daemon.runs()
        assert selected(again) == selected(request)
        failed(daemon, again, "server away")
        requests.append(again)

    assert len({request.run_key for request in requests}) == 3
    assert daemon.says() == "3 runs of this failed; start one when this is mended: _fails: server away"
    change(daemon.workspace, "1,101,other,1500000000\n")
    assert len(daemon.runs()) == 1, "another change is another matter"


def test_what_would_fail_again_is_not_asked_for_again(daemon: Daemon) -> None:
    change(daemon.workspace, "1,101,funny,1500000000\n")
    (request,) = daemon.runs()
    run_id = failed(daemon, request, "no column rating")
    assert daemon.says() == f"run {run_id[:8]} of this failed and would again: _fails: no column rating"


def test_the_run_takes_the_pins_of_the_plan_that_asked_for_it(daemon: Daemon) -> None:
    change(daemon.workspace, "1,101,funny,1500000000\n")

    (request,) = daemon.runs()

    pins = Pins(daemon.workspace.store_directory, request.tags[PLAN_TAG])
    assert {name for name in RECIPES if pins.get(name)} == set(RECIPES) - selected(request)


def test_a_file_that_is_still_being_written_starts_nothing(daemon: Daemon) -> None:
    for number in range(4):
        change(daemon.workspace, "1,101,funny,1500000000\n" * (number + 1))
        assert daemon.says() == "input files changed; waiting until they are the same at two looks"

    assert len(daemon.runs()) == 1


def test_newer_time_stamps_start_nothing(daemon: Daemon) -> None:
    for path in daemon.workspace.data_path.iterdir():
        os.utime(path)

    assert daemon.runs() == []


def test_content_that_comes_back_after_another_starts_a_run_again(daemon: Daemon) -> None:
    keys = []
    for text in ("1,101,one,1500000000\n", "1,101,two,1500000000\n", "1,101,one,1500000000\n"):
        change(daemon.workspace, text)
        keys += [request.run_key for request in daemon.runs()]
        relabel(daemon.workspace)

    assert len(set(keys)) == 3


def test_a_lost_value_starts_a_run_without_any_changed_file(daemon: Daemon) -> None:
    store = Store(daemon.workspace.store_directory)
    shutil.rmtree(store.root / "evaluation" / "all")

    (request,) = daemon.runs()

    assert selected(request) == with_descendants("evaluation")
    assert request.tags["recsys/why"] == "evaluation: never made, or its stored value is gone"


def test_a_changed_parameter_starts_a_run(daemon: Daemon, tmp_path: Path) -> None:
    daemon.workspace = configured(daemon.workspace, tmp_path, "recommendations: {k: 7}")

    (request,) = daemon.runs()

    assert selected(request) == {"recommendations"}
    assert request.tags["recsys/why"] == "recommendations: parameters of 'recommendations' changed: k 20 → 7"


def test_a_parameter_that_goes_there_and_back_and_there_again_is_asked_for_each_time(
    daemon: Daemon, tmp_path: Path
) -> None:
    small = daemon.workspace
    keys = []
    for _ in range(2):
        daemon.workspace = configured(small, tmp_path, "recommendations: {k: 7}")
        keys += [request.run_key for request in daemon.runs()]
        daemon.workspace = small
        assert daemon.runs() == []

    assert len(set(keys)) == 2


def test_while_code_on_disk_is_another_nothing_is_started(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    change(daemon.workspace, "1,101,funny,1500000000\n")
    with monkeypatch.context() as patch:
        patch.setattr(
            automation, "differs_on_disk", lambda: ["recsys_core/sources/ease/fit.py", "recsys_core/sources/als/fit.py"]
        )
        assert {daemon.says() for _ in range(3)} == {
            "recsys_core/sources/ease/fit.py and 1 more changed since the code was loaded: reload the code location"
        }
    assert len(daemon.runs()) == 1


def test_what_the_sensor_finds_dagster_is_told(daemon: Daemon) -> None:
    found = daemon.instance.get_latest_materialization_event(dg.AssetKey("evaluation"))
    assert found is not None
    (observed,) = daemon.instance.fetch_observations(dg.AssetKey("tags_csv"), limit=5).records
    assert observed.asset_observation is not None


def test_a_missing_folder_is_said_and_starts_nothing(up_to_date: Workspace, tmp_path: Path) -> None:
    gone = Workspace(home=up_to_date.home, data_dir=str(tmp_path / "gone"), config_file=up_to_date.config_file)
    assert "gone" in Daemon(gone).says()


def test_a_mistake_in_the_configuration_is_said_and_starts_nothing(daemon: Daemon, settings: Settings) -> None:
    assert settings.config_file is not None
    settings.config_file.write_text("tuning: {trials: 9}")
    assert "trials is not known" in daemon.says()


def test_while_a_run_is_in_progress_nothing_is_started(daemon: Daemon) -> None:
    going_on = dg.DagsterRun("pipeline", status=dg.DagsterRunStatus.STARTED)
    daemon.instance.add_run(going_on)
    change(daemon.workspace, "1,101,funny,1500000000\n")
    assert daemon.runs() == []
    daemon.instance.delete_run(going_on.run_id)
    assert len(daemon.runs()) == 1


def test_before_the_first_run_a_change_starts_nothing(settings: Settings) -> None:
    daemon = Daemon(settings.workspace())
    assert {daemon.says() for _ in range(2)} == {
        "nothing has been made yet: run the pipeline once, then changes start it"
    }


def test_sensor_and_schedule_are_on_unless_switched_off(tmp_path: Path) -> None:
    assert out_of_date.default_status == dg.DefaultSensorStatus.RUNNING
    assert retraining(Settings(tmp_path, tmp_path)).default_status == dg.DefaultScheduleStatus.RUNNING
