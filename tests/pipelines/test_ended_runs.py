"""What follows when a run is over, once: MLflow's run ends as it did, and people hear of a failure."""

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.endings import NOTICE_TAG, settle_runs
from pipelines.failures import failures_of
from pipelines.settings import Settings
from pipelines.workers import PROCESS_TAG, process_mark
from recsys_core.errors import RecsysError
from registry.tracking import Tracking


@dg.op
def _fails() -> None:
    raise dg.Failure("ratings.csv has no column rating; add it", allow_retries=False)


@dg.op
def _works() -> None:
    pass


@dg.job
def failing() -> None:
    _fails()


@dg.job
def working() -> None:
    _works()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def settings(settings: Settings) -> Settings:
    settings.home.mkdir()
    return settings


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict[str, Any]], list[int]]]:
    """Its address, what it was told, and the status codes that it answers before it answers 204."""
    told: list[dict[str, Any]] = []
    refusals: list[int] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(refusals.pop(0) if refusals else 204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", told, refusals
        server.shutdown()
        thread.join()


def run(instance: dg.DagsterInstance, job: dg.JobDefinition) -> str:
    return job.execute_in_process(instance=instance, raise_on_error=False, tags={"recsys/why": "raw_tags: new"}).run_id


def test_a_failed_run_is_told_of_once_in_two_lines(
    settings: Settings, instance: dg.DagsterInstance, webhook: tuple[str, list[dict[str, Any]], list[int]]
) -> None:
    address, told, _ = webhook
    settings = replace(settings, on_failure=address)
    run(instance, working)
    run_id = run(instance, failing)

    for _ in range(3):
        settle_runs(settings, instance)

    (notice,) = told
    assert notice["text"].split("\n") == [
        "_fails: ratings.csv has no column rating; add it",
        f"Run {run_id[:8]} of job failing failed in {settings.home}; it ran because of raw_tags: new",
    ]
    assert (notice["run_id"], notice["causes"]) == (run_id, ["_fails: ratings.csv has no column rating; add it"])


def test_a_webhook_that_does_not_take_it_is_told_at_the_next_look(
    settings: Settings, instance: dg.DagsterInstance, webhook: tuple[str, list[dict[str, Any]], list[int]]
) -> None:
    address, told, refusals = webhook
    refusals += [500]
    run(instance, failing)
    for _ in range(3):
        settle_runs(replace(settings, on_failure=address), instance)
    assert len(told) == 2


def test_a_command_gets_the_notice_on_its_standard_input(
    settings: Settings, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    script = "import sys, pathlib; pathlib.Path(sys.argv[1]).open('a').write(sys.stdin.read() + chr(10))"
    command = f'{sys.executable} -c "{script}" {tmp_path / "told.jsonl"}'
    run_id = run(instance, failing)
    for _ in range(2):
        settle_runs(replace(settings, on_failure=command), instance)
    (line,) = (tmp_path / "told.jsonl").read_text().splitlines()
    assert json.loads(line)["run_id"] == run_id


def test_whoever_asks_for_notices_later_hears_of_later_failures_alone(
    settings: Settings, instance: dg.DagsterInstance, webhook: tuple[str, list[dict[str, Any]], list[int]]
) -> None:
    address, told, _ = webhook
    run_id = run(instance, failing)
    settle_runs(settings, instance)
    settle_runs(replace(settings, on_failure=address), instance)
    found = instance.get_run_by_id(run_id)
    assert found is not None
    assert (told, found.tags[NOTICE_TAG]) == ([], "nobody asked for one")


@pytest.mark.parametrize(
    ("ending", "status"), [("success", "FINISHED"), ("failure", "FAILED"), ("canceled", "KILLED"), ("killed", "KILLED")]
)
def test_the_mlflow_run_ends_as_dagsters_did(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, ending: str, status: str
) -> None:
    ended: list[tuple[str, str]] = []
    monkeypatch.setattr(Tracking, "end_run", lambda _, run_id, how: ended.append((run_id, how)))
    if ending in {"success", "failure"}:
        run_id = run(instance, working if ending == "success" else failing)
    else:
        made = instance.create_run_for_job(working, status=dg.DagsterRunStatus.STARTED)
        run_id = made.run_id
        if ending == "canceled":
            instance.report_run_canceled(made)
        else:
            mark = process_mark(run_id).rsplit(":", 1)[0]
            instance.add_run_tags(run_id, {PROCESS_TAG: f"{mark}:1"})
    for _ in range(2):
        settle_runs(settings, instance)
    assert ended == [(run_id, status)]


def test_an_mlflow_server_that_is_away_is_asked_at_the_next_look(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def end_run(_: Tracking, run_id: str, how: str) -> None:
        asked.append(how)
        if len(asked) == 1:
            raise RecsysError("the MLflow server does not answer")

    monkeypatch.setattr(Tracking, "end_run", end_run)
    run(instance, working)
    for _ in range(3):
        settle_runs(settings, instance)
    assert asked == ["FINISHED", "FINISHED"]


def test_why_a_run_failed_is_read_from_its_events(instance: dg.DagsterInstance) -> None:
    (failure,) = failures_of(instance, run(instance, failing))
    assert failure.as_dict() == {
        "asset": "_fails",
        "check": None,
        "message": "ratings.csv has no column rating; add it",
    }
    assert not failure.may_pass
    assert failures_of(instance, run(instance, working)) == []
