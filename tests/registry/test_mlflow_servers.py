"""MLflow's own servers on this machine: one that serves the champion, one that tracks. Slow to start."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.content_hash import folder_fingerprint
from registry.gate import Decision
from registry.interface import input_example
from registry.models import ModelRegistry
from registry.observing import Observed, observe, version_fault
from registry.promotion import Promotions
from registry.tracking import Tracking

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
START_SECONDS = 120


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


@contextmanager
def running(arguments: list[str], port: int, folder: Path, health: str, **environment: str):
    """``mlflow ARGUMENTS`` until the block ends; only its own process group is ended."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    settings |= {"PYTHONPATH": str(ROOT), "PATH": path, **environment}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *arguments],
            cwd=folder,
            env={**os.environ, **settings},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            wait_for(f"http://127.0.0.1:{port}{health}", process, folder / "server.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=20)


def wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.3)
    pytest.fail(f"{url} never answered:\n{log.read_text(errors='replace')[-3000:]}")


def post(url: str, question: dict) -> tuple[int, dict]:
    request = urllib.request.Request(url, json.dumps(question).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "server"
    made.mkdir()
    return made


def test_mlflow_serves_the_champion(tracking, make_bundle, fake_pyfunc, folder):
    registry = ModelRegistry(tracking)
    registry.register_bundle(
        make_bundle("A"),
        tracking.parent_run("d1"),
        data_fingerprint="data-1",
        metrics={},
        example=input_example(1, [1]),
        python_model=fake_pyfunc,
    )
    registry.versions.set_alias("champion", "1")
    port = free_port()
    arguments = ["models", "serve", "-m", "models:/hybrid-recommender@champion", "--env-manager", "local"]
    arguments += ["-h", "127.0.0.1", "-p", str(port)]
    with running(arguments, port, folder, "/health", MLFLOW_TRACKING_URI=tracking.tracking_uri) as address:
        people = {"dataframe_records": [{"user_id": 5}, {"user_id": 6}], "params": {"k": 2, "model": "als"}}
        status, answer = post(f"{address}/invocations", people)
        assert status == 200
        assert [row["title"] for row in answer["predictions"]] == ["A als 1", "A als 2"] * 2
        assert answer["predictions"][2] == {
            "row": 1,
            "user_id": 6,
            "rank": 1,
            "movie_id": 1,
            "title": "A als 1",
            "score": 1.0,
            "path": "warm",
        }
        mixed = {"dataframe_split": {"columns": ["user_id", "liked"], "data": [[5, ""], [0, "1,2"]]}}
        status, answer = post(f"{address}/invocations", mixed)
        assert status == 200
        assert [(row["row"], row["path"]) for row in answer["predictions"]] == [(0, "warm")] * 10 + [
            (1, "folded_in")
        ] * 10
        status, answer = post(f"{address}/invocations", {"dataframe_records": [{"liked": "x"}]})
        assert status == 400
        status, answer = post(f"{address}/invocations", {"dataframe_records": [{"liked": "3"}], "params": {"k": "z"}})
        assert status == 400
    assert [path.name for path in folder.iterdir()] == ["server.log"]


def test_runs_and_models_live_on_a_tracking_server(tmp_path, make_bundle, fake_pyfunc, folder):
    port = free_port()
    arguments = ["server", "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--workers", "1"]
    arguments += ["--artifacts-destination", str(folder / "kept"), "--host", "127.0.0.1", "--port", str(port)]
    with running(arguments, port, folder, "/health") as address:
        tracking = Tracking(tmp_path / "home", tracking_uri=address)
        run = tracking.parent_run("d1", tags={"why": "c"})
        assert tracking.parent_run("d1") == run
        tracking.log(run).metrics({"ndcg@10": 0.3})
        registry = ModelRegistry(tracking)
        versions = [
            registry.register_bundle(
                make_bundle(name),
                run,
                data_fingerprint="data-1",
                metrics={"hybrid": {"ndcg@10": 0.3}},
                example=input_example(1, [1]),
                python_model=fake_pyfunc,
            ).version
            for name in ("A", "B", "A")
        ]
        assert versions == ["1", "2", "1"]
        registry.log_evaluation_model(run, make_bundle("twin"))
        promotions = Promotions(tracking)
        at = datetime(2026, 1, 2, tzinfo=UTC)
        promotions.apply(Decision("FIRST", ("-",), {}), "1", against=None, decision_id="a", at=at)
        promotions.promote("2", reason="-", at=at, actor="ada")
        promotions.rollback(at=at, actor="ada")
        assert registry.versions.get("champion").version == "1"

        fetched = registry.bundle_path("champion")
        assert fetched.is_relative_to(tmp_path / "home")
        assert folder_fingerprint(fetched) == folder_fingerprint(make_bundle("A"))
        seen = observe(tracking)
        model_id = registry.versions.get("1").model_id
        assert seen == Observed(address, "1", model_id, None)
        assert version_fault(tracking, "1", model_id) is None
        assert version_fault(tracking, "9", "") == "version 9 is not in the store"
        twin = registry.evaluation_model_path("champion")
        assert folder_fingerprint(twin) == folder_fingerprint(make_bundle("twin"))
        with tracking.as_global() as mlflow:
            assert mlflow.pyfunc.load_model("models:/hybrid-recommender@champion")
        # a fetched copy that somebody changed is fetched again
        (fetched / "bundle.json").write_text("{")
        assert folder_fingerprint(registry.bundle_path("champion")) == folder_fingerprint(make_bundle("A"))

        # what the server has lost is noticed, and put back by registering the same bundle
        for lost in [*(folder / "kept").rglob("bundle"), *(folder / "kept").rglob("evaluation_model")]:
            shutil.rmtree(lost)
        assert "its artifacts are gone from mlflow-artifacts:/" in observe(tracking).champion_fault
        registry.log_evaluation_model(run, make_bundle("twin"))
        again = registry.register_bundle(
            make_bundle("A"),
            run,
            data_fingerprint="data-1",
            metrics={},
            example=input_example(1, [1]),
            python_model=fake_pyfunc,
        )
        assert again.version == "1"
        assert version_fault(tracking, "1", model_id) is None
        shutil.rmtree(tmp_path / "home" / "mlflow" / "fetched")
        assert folder_fingerprint(registry.bundle_path("1")) == folder_fingerprint(make_bundle("A"))
        assert folder_fingerprint(registry.evaluation_model_path("1")) == folder_fingerprint(make_bundle("twin"))
    # what was fetched is still there when the server is not, but finding the version takes the server
    assert fetched.is_dir()
    assert not (tmp_path / "home" / "mlflow" / "mlflow.db").exists()


@pytest.mark.parametrize("name", ["plain", "all % ? # %41 ü"])
def test_a_server_can_be_started_on_a_home_of_any_name(tmp_path, make_bundle, fake_pyfunc, folder, name):
    home = tmp_path / name
    tracking = Tracking(home)
    run = tracking.parent_run("d1")
    tracking.log(run).json("document", {"a": 1})
    ModelRegistry(tracking).register_bundle(
        make_bundle("A"),
        run,
        data_fingerprint="data-1",
        metrics={},
        example=input_example(1, [1]),
        python_model=fake_pyfunc,
    )
    port = free_port()
    arguments = ["server", "--backend-store-uri", tracking.tracking_uri, "--workers", "1", "--host", "127.0.0.1"]
    arguments += ["--default-artifact-root", tracking.artifact_location, "--port", str(port)]
    with running(arguments, port, folder, "/health") as address:
        with urllib.request.urlopen(f"{address}/get-artifact?path=document.json&run_uuid={run}", timeout=30) as answer:
            assert json.load(answer) == {"a": 1}
        through = Tracking(tmp_path / "elsewhere", tracking_uri=address)
        assert [entry.version for entry in ModelRegistry(through).versions.all()] == ["1"]
        new = through.client.create_experiment("new")
        made = through.client.create_run(new)
        through.client.log_dict(made.info.run_id, {"b": 2}, "later.json")
    assert [path.is_relative_to(home) for path in tmp_path.rglob("later.json")] == [True]
    known = {"bundle-A", "elsewhere", folder.name, home.name}
    assert {path.name for path in tmp_path.iterdir()} <= known
    assert [path.name for path in folder.iterdir()] == ["server.log"]
