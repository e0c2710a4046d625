"""The sensor asks for a run when content changed and has come to rest; the real daemon is asked elsewhere."""

import os
from pathlib import Path

import dagster as dg
import pytest

from assets.declaring import RECIPES, current_parts
from assets.documents import Document
from assets.versions import derive_version
from assets.workspace import Workspace
from pipelines.automation import input_files_changed, retraining
from pipelines.planning import plan
from pipelines.settings import Settings
from tests.assets.asset_graph import asset_graph


class Daemon:
    """Looks again and again, and carries the cursor from one look to the next as Dagster's daemon does."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace, self.cursor = workspace, None
        self.instance = dg.DagsterInstance.ephemeral()

    def look(self) -> dg.SensorResult | dg.SkipReason:
        context = dg.build_sensor_context(self.instance, cursor=self.cursor, resources={"workspace": self.workspace})
        result = input_files_changed(context)
        self.cursor = getattr(result, "cursor", None) or context.cursor
        return result

    def runs(self, n_looks: int = 4) -> list[dg.RunRequest]:
        results = [self.look() for _ in range(n_looks)]
        return [request for result in results for request in getattr(result, "run_requests", None) or []]


@pytest.fixture
def daemon(up_to_date: Workspace) -> Daemon:
    made = Daemon(up_to_date)
    assert made.runs() == []
    return made


def change(workspace: Workspace, text: str) -> None:
    path = workspace.data_path / "tags.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n" + text)
    moment = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(moment, moment))


def make_all(workspace: Workspace) -> None:
    for name in plan(workspace).stale:
        parts = current_parts(workspace, RECIPES[name])
        workspace.store.put(name, derive_version(parts), Document({}), parts=parts)


def test_changed_content_starts_one_run_of_what_is_out_of_date_and_says_why(daemon: Daemon) -> None:
    change(daemon.workspace, "1,101,funny,1500000000\n")

    (request,) = daemon.runs()

    graph = asset_graph()
    assert {key.to_user_string() for key in request.asset_selection or ()} >= {"raw_tags", "tags", "promotion"}
    assert len(request.asset_selection or ()) < len(graph)
    assert request.tags["recsys/why"].startswith("raw_tags: tags.csv changed (SHA-256 ")


def test_a_file_that_is_still_being_written_starts_nothing(daemon: Daemon) -> None:
    for number in range(4):
        change(daemon.workspace, "1,101,funny,1500000000\n" * (number + 1))
        assert isinstance(daemon.look(), dg.SkipReason)

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
        make_all(daemon.workspace)

    assert len(set(keys)) == 3


def test_a_missing_folder_is_said_and_starts_nothing(up_to_date: Workspace, tmp_path: Path) -> None:
    gone = Workspace(home=up_to_date.home, data_dir=str(tmp_path / "gone"))

    result = Daemon(gone).look()

    assert isinstance(result, dg.SkipReason)
    assert "gone" in (result.skip_message or "")


def test_while_a_run_is_in_progress_nothing_is_started(daemon: Daemon) -> None:
    going_on = dg.DagsterRun("pipeline", status=dg.DagsterRunStatus.STARTED)
    daemon.instance.add_run(going_on)
    change(daemon.workspace, "1,101,funny,1500000000\n")
    assert daemon.runs() == []
    daemon.instance.delete_run(going_on.run_id)
    assert len(daemon.runs()) == 1


def test_before_the_first_run_a_change_starts_nothing(settings: Settings) -> None:
    reasons = {
        look.skip_message
        for look in (Daemon(settings.workspace()).look() for _ in range(2))
        if isinstance(look, dg.SkipReason)
    }
    assert reasons == {"nothing has been made yet: run the pipeline once, then changes start it"}


def test_sensor_and_schedule_are_on_unless_switched_off() -> None:
    assert input_files_changed.default_status == dg.DefaultSensorStatus.RUNNING
    assert retraining("0 3 * * 1").default_status == dg.DefaultScheduleStatus.RUNNING
