"""The shelf: a moved alias is followed without a restart, a bad version changes nothing, nobody sees half a model."""

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from recsys_core.errors import StorageError
from serving.models import Found, ModelShelf, Served, load_served
from serving.models.shelf import Source
from tests.waiting import wait_until

MakeServer = Callable[..., TestClient]


def version(client: TestClient) -> str:
    found: str = client.get("/recommendations/10").json()["model_version"]
    return found


def test_a_promoted_version_answers_without_a_restart(client: TestClient, registry: Any) -> None:
    before = client.get("/recommendations/10").json()
    registry.aliases["champion"] = "2"
    wait_until(lambda: version(client) == "2", said="the server never followed the alias")
    after = client.get("/recommendations/10").json()
    assert after["items"] != before["items"]
    registry.aliases["champion"] = "1"
    wait_until(lambda: version(client) == "1", said="the server never followed the alias back")
    assert client.get("/recommendations/10").json() == before


def test_a_damaged_version_keeps_the_last_good_one_and_is_counted(client: TestClient, registry: Any) -> None:
    registry.aliases["champion"] = "3"
    wait_until(lambda: 'recsys_model_failures_total{kind="load"}' in client.get("/metrics").text)
    assert version(client) == "1"
    assert client.get("/ready").status_code == 200


def test_a_registry_that_is_down_keeps_the_last_good_one(client: TestClient, registry: Any) -> None:
    registry.down = True
    wait_until(lambda: 'recsys_model_failures_total{kind="lookup"}' in client.get("/metrics").text)
    assert version(client) == "1"
    registry.down = False
    registry.aliases["champion"] = "2"
    wait_until(lambda: version(client) == "2", said="the server never recovered")


def test_without_a_model_the_server_lives_and_says_why_it_is_not_ready(start_server: MakeServer, registry: Any) -> None:
    registry.aliases.clear()
    client = start_server()
    assert client.get("/health").json() == {"status": "ok"}
    ready = client.get("/ready")
    assert ready.status_code == 503
    assert "recsys run makes one" in ready.json()["reason"]
    answer = client.get("/recommendations/10")
    assert answer.status_code == 503
    assert "no model is loaded yet: no champion is registered" in answer.json()["detail"]
    registry.aliases["champion"] = "1"
    wait_until(lambda: client.get("/ready").status_code == 200, said="the server never became ready")
    assert client.get("/ready").json() == {"status": "ready", "model_version": "1", "reason": None}


def test_a_version_that_failed_is_not_loaded_again_at_every_look() -> None:
    now = [0.0]
    loads: list[str] = []

    class Moving:
        def find(self, reference: str) -> Found:
            return Found("7", "7:abc")

        def folder_of(self, version: str) -> Path:
            return Path(version)

    def load(found: Found, folder: Path) -> Served:
        loads.append(found.version)
        raise StorageError("damaged")

    source: Source = Moving()
    shelf = ModelShelf(source, load=load, clock=lambda: now[0])
    for _ in range(5):
        assert not shelf.refresh()
    assert loads == ["7"]
    assert shelf.reason == "the champion cannot be loaded; the log says why"
    now[0] = 61.0
    shelf.refresh()
    assert loads == ["7", "7"]
    shelf.refresh(force=True)
    assert loads == ["7", "7", "7"]


def test_a_version_under_two_aliases_is_loaded_once(registry: Any) -> None:
    registry.aliases.update(challenger="1")
    loads = []

    def load(found: Found, folder: Path) -> Served:
        loads.append(found.version)
        return load_served(found, folder)

    shelf = ModelShelf(registry, lambda: ["challenger", "champion"], load=load)
    assert shelf.refresh()
    assert loads == ["1"]
    assert shelf.get("challenger") is shelf.get()
    assert not shelf.refresh()


def test_who_asks_while_the_model_is_swapped_gets_one_version_whole(
    client: TestClient, registry: Any, bundle_folders: dict[str, Path]
) -> None:
    lists = {
        name: [item.movie_id for item in load_served(Found(name, name), folder).bundle.recommend_for_user(10).items]
        for name, folder in bundle_folders.items()
        if name != "3"
    }
    assert lists["1"] != lists["2"]
    faults: list[Any] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            found = client.get("/recommendations/10").json()
            if [item["movie_id"] for item in found["items"]] != lists[found["model_version"]]:
                faults.append(found)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for target in ("2", "1", "2", "1"):
        registry.aliases["champion"] = target
        wait_until(lambda target=target: version(client) == target, said="no swap")  # type: ignore[misc]
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == []


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Bearer ", "secret", "Bearer sécret"])
def test_reload_needs_the_token(start_server: MakeServer, authorization: str) -> None:
    client = start_server(admin_token="secret", poll_seconds=1000)
    headers = {"authorization": authorization.encode()} if authorization else {}
    answer = client.post("/admin/reload", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_reload_is_off_without_a_token(client: TestClient) -> None:
    for headers in ({}, {"authorization": "Bearer "}):
        answer = client.post("/admin/reload", headers=headers)
        assert answer.status_code == 403
        assert "RECSYS_ADMIN_TOKEN" in answer.json()["detail"]


def test_reload_follows_the_alias_at_once(start_server: MakeServer, registry: Any) -> None:
    client = start_server(admin_token="secret", poll_seconds=1000)
    registry.aliases["champion"] = "2"
    reload = {"authorization": "Bearer secret"}
    assert client.post("/admin/reload", headers=reload).json() == {"model_version": "2", "changed": True}
    assert version(client) == "2"
    assert client.post("/admin/reload", headers=reload).json() == {"model_version": "2", "changed": False}


def test_a_reload_that_fails_says_what_failed_and_the_old_model_answers(
    start_server: MakeServer, registry: Any
) -> None:
    client = start_server(admin_token="secret", poll_seconds=1000)
    reload = {"authorization": "Bearer secret"}
    registry.aliases["champion"] = "3"
    answer = client.post("/admin/reload", headers=reload)
    assert answer.status_code == 503
    assert re.fullmatch(
        r"version 3 \(champion\) cannot be loaded: .*titles\.parquet.*; version 1 goes on answering",
        answer.json()["detail"],
    )
    assert version(client) == "1"
    registry.down = True
    answer = client.post("/admin/reload", headers=reload)
    assert answer.status_code == 503
    assert answer.json()["detail"].startswith("champion is not registered, or the registry cannot be asked")
    assert "secret" not in answer.text
    registry.down, registry.aliases["champion"] = False, "2"
    assert client.post("/admin/reload", headers=reload).json() == {"model_version": "2", "changed": True}


def test_models_tells_what_is_served_and_what_there_is(client: TestClient) -> None:
    found = client.get("/models").json()
    (served,) = found["served"]
    assert (served["reference"], served["version"], served["n_users"], served["n_titles"]) == ("champion", "1", 60, 47)
    assert [entry["version"] for entry in found["versions"]] == ["3", "2", "1"]
    assert found["versions"][2]["aliases"] == ["champion"]
    assert client.get("/models/1/evaluation").json() == {
        "version": "1",
        "metrics": {"hybrid": {"ndcg@10": 0.3}},
        "plots": ["models_by_metric"],
    }
    plot = client.get("/models/1/plots/models_by_metric")
    assert (plot.headers["content-type"], plot.content[:4]) == ("image/png", b"\x89PNG")
    for address in ("/models/1/plots/other", "/models/99/evaluation", "/models/99/plots/models_by_metric"):
        assert client.get(address).status_code == 404
    assert client.get("/models/one/evaluation").status_code == 422


def test_the_same_number_with_another_content_is_another_model(registry: Any, bundle_folders: dict[str, Path]) -> None:
    shelf = ModelShelf(registry)
    shelf.refresh()
    before = shelf.get()
    registry.folders = {**bundle_folders, "1": bundle_folders["2"]}
    assert shelf.refresh()
    assert shelf.get() is not before


def test_models_of_an_experiment_that_is_over_do_not_stay(registry: Any) -> None:
    registry.aliases["challenger"] = "2"
    wanted = ["challenger"]
    shelf = ModelShelf(registry, lambda: wanted)
    shelf.refresh()
    assert set(shelf.all()) == {"champion", "challenger"}
    wanted.clear()
    assert shelf.refresh()
    assert set(shelf.all()) == {"champion"}


def test_a_registry_that_is_down_is_told_without_its_address_and_what_is_served_is_told_all_the_same(
    client: TestClient, registry: Any
) -> None:
    registry.down = True
    found = client.get("/models")
    assert (found.status_code, found.json()["versions"]) == (200, [])
    assert found.json()["served"][0]["version"] == "1"
    for address in ("/models/1/evaluation", "/models/1/plots/models_by_metric"):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "secret" not in answer.text


def test_why_there_is_no_model_is_told_without_addresses(start_server: MakeServer, registry: Any) -> None:
    registry.down = True
    client = start_server()
    for address in ("/ready", "/recommendations/10"):
        answer = client.get(address)
        assert answer.status_code == 503
        assert "secret" not in answer.text
