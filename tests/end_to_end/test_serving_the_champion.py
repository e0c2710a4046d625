"""`recsys serve` on a home that the pipeline has made: from the registry to the answer, over a kill and a promotion."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.corpus.healthy_folder import MOVIE_IDS
from tests.end_to_end.calling import clean_environment, recsys
from tests.end_to_end.test_development_servers import free_ports
from tests.end_to_end.two_runs import Undisturbed
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("command_line")]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, undisturbed: Undisturbed) -> Path:
    """Two versions; the first is the champion."""
    folder = tmp_path_factory.mktemp("serving") / "home"
    shutil.copytree(undisturbed.homes[1], folder)
    said = recsys("promote", "1", "--home", folder)  # the gate may have kept it
    assert said.code == 0 or said.err.endswith("recsys: version 1 is the champion already\n"), said.err
    return folder


@contextmanager
def serving(home: Path, **environment: str) -> Iterator[tuple[httpx2.Client, subprocess.Popen[str]]]:
    """The command as a process of its own, ready."""
    (port,) = free_ports(1)
    child = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "serve", "--home", str(home), "--port", str(port)],
        env=clean_environment(RECSYS_POLL_SECONDS="0.2", RECSYS_DROP_SECONDS="0.2", **environment),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            wait_until(lambda: ready(client), 60, child=child)
            yield client, child
    finally:
        child.kill()
        child.communicate()


def ready(client: httpx2.Client) -> bool:
    try:
        return client.get("/ready").status_code == 200
    except httpx2.TransportError:
        return False


def test_answers_are_those_of_the_command_line_and_follow_a_promotion(home: Path) -> None:
    with serving(home) as (client, child):
        found = client.get("/recommendations/1", params={"k": 5}).json()
        told = json.loads(recsys("recommend", "--user", "1", "-k", "5", "--home", home, "--json").out)
        keys = ("rank", "movie_id", "item_id", "title", "score", "new")
        assert [{key: item[key] for key in keys} for item in found["items"]] == told["items"]
        assert (found["model_version"], found["path"]) == (told["model_version"], told["path"]) == ("1", "warm")
        recsys("promote", "2", "--home", home)
        wait_until(lambda: client.get("/recommendations/1").json()["model_version"] == "2", 60, child=child)
        recsys("rollback", "--home", home)
        wait_until(lambda: client.get("/recommendations/1").json()["model_version"] == "1", 60, child=child)
        evaluation = client.get("/models/1/evaluation").json()
        assert evaluation["metrics"]["hybrid"]["ndcg@10"] >= 0
        for name in evaluation["plots"]:
            assert client.get(f"/models/1/plots/{name}").content.startswith(b"\x89PNG")
        assert "models_by_metric" in evaluation["plots"]
        child.send_signal(signal.SIGTERM)
        _, log = child.communicate(timeout=30)
    assert child.returncode in {0, -signal.SIGTERM}
    assert '"event": "stopped"' in log
    assert "Traceback" not in log


def test_a_rating_survives_a_killed_server_and_lies_ready_for_training(home: Path) -> None:
    with serving(home) as (client, child):
        first = client.get("/recommendations/2").json()["items"][0]["movie_id"]
        event = {"kind": "rating", "movie_id": first, "rating": 4.5}
        assert client.post("/feedback", json={"user_id": 2, "events": [event]}).status_code == 200
        os.kill(child.pid, signal.SIGKILL)
        child.wait(10)
    with serving(home) as (client, child):
        movies = [item["movie_id"] for item in client.get("/recommendations/2").json()["items"]]
        assert first not in movies
        drop = home / "feedback" / "ratings.csv"
        wait_until(drop.exists, 60, child=child)
        header, line = drop.read_text().splitlines()
        assert header == "userId,movieId,rating,timestamp"
        assert line.startswith(f"2,{first},4.5,")


def test_an_experiment_on_live_traffic_is_reported(home: Path, tmp_path: Path) -> None:
    declared = tmp_path / "experiments.yaml"
    arms = "arms: [{name: one, model: 1, share: 0.5}, {name: two, model: 2, share: 0.5}]"
    declared.write_text(f"experiments: [{{name: versions, control: one, {arms}}}]")
    with serving(home, RECSYS_EXPERIMENTS=str(declared)) as (client, child):
        versions = {
            user_id: client.get(f"/recommendations/{user_id}").json()["model_version"] for user_id in range(1, 31)
        }
        assert set(versions.values()) == {"1", "2"}
        child.send_signal(signal.SIGTERM)
        child.wait(30)
    said = json.loads(recsys("experiment", "report", "versions", "--home", home, "--file", declared, "--json").out)
    assert said["verdict"] == "TOO_FEW"
    exposed = {arm["arm"]: arm["n_people"] for arm in said["arms"]}
    assert exposed == {"one": list(versions.values()).count("1"), "two": list(versions.values()).count("2")}


def test_a_home_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    child = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "serve", "--home", str(tmp_path / "new"), "--port", str(port)],
        env=clean_environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            wait_until(lambda: alive(client), 60, child=child)
            wait_until(lambda: "recsys run makes one" in client.get("/ready").text, 60, child=child)
            assert client.get("/recommendations/1").status_code == 503
    finally:
        child.kill()
        child.communicate()


def alive(client: httpx2.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (("--port", "99999"), {}, "99999"),
        ((), {"RECSYS_API_PORT": "web"}, "RECSYS_API_PORT is 'web', expected a port"),
        ((), {"RECSYS_POLL_SECONDS": "soon"}, "RECSYS_POLL_SECONDS is 'soon', expected a number of seconds"),
        ((), {"REDIS_URL": "nonsense"}, "the address of Redis cannot be used; expected redis://"),
        (("--experiments", "nowhere.yaml"), {}, "nowhere.yaml"),
    ],
)
def test_a_setting_that_makes_no_sense_is_one_message(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    found = recsys("serve", "--home", tmp_path / "home", *arguments, **environment)
    assert found.code != 0
    assert said in found.err
    assert "Traceback" not in found.err


def test_liked_titles_of_the_catalogue_are_known_to_the_search(home: Path) -> None:
    with serving(home) as (client, _):
        title = client.get(f"/movies/{MOVIE_IDS[0]}").json()["title"]
        found = client.get("/movies", params={"query": title[:-7]}).json()["items"]
        assert MOVIE_IDS[0] in [item["movie_id"] for item in found]
