"""Feedback: stored whole or not at all, felt in the next answer, kept over a restart, ready for the next training."""

import csv
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from serving.events import EventStore
from serving.settings import ServingSettings
from tests.waiting import wait_until

USER = 10
MakeServer = Callable[..., TestClient]


def rating(movie_id: int, value: float = 5.0) -> dict[str, Any]:
    return {"kind": "rating", "movie_id": movie_id, "rating": value}


def send(client: TestClient, *events: dict[str, Any], user_id: int = USER) -> None:
    answer = client.post("/feedback", json={"user_id": user_id, "events": list(events)})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"accepted": len(events)}


def listed(client: TestClient, user_id: int = USER) -> list[int]:
    return [item["movie_id"] for item in client.get(f"/recommendations/{user_id}").json()["items"]]


def test_a_rating_changes_the_next_answer_although_it_was_cached(client: TestClient) -> None:
    before = listed(client)
    assert listed(client) == before
    send(client, rating(before[0]))
    after = listed(client)
    assert before[0] not in after
    assert client.get(f"/users/{USER}").json()["items"][0]["rating"] == 5.0


def test_the_last_rating_of_a_movie_counts(client: TestClient) -> None:
    movie = listed(client)[0]
    send(client, rating(movie, 1.0), rating(movie, 4.5))
    rated = {item["movie_id"]: item["rating"] for item in client.get(f"/users/{USER}?k=100").json()["items"]}
    assert rated[movie] == 4.5


def test_a_stranger_who_rates_is_folded_in(client: TestClient) -> None:
    assert client.get("/recommendations/4242").json()["path"] == "cold"
    send(client, rating(3), rating(9, 4.0), user_id=4242)
    found = client.get("/recommendations/4242").json()
    assert found["path"] == "folded_in"
    sent = {"ratings": [{"movie_id": 3, "rating": 5}, {"movie_id": 9, "rating": 4}]}
    assert found["items"] == client.post("/recommendations", json=sent).json()["items"]


def test_ratings_survive_a_restart(start_server: MakeServer) -> None:
    first = start_server()
    movie = listed(first)[0]
    send(first, rating(movie))
    after = listed(first)
    second = start_server()
    assert listed(second) == after


def test_another_server_on_the_same_store_takes_ratings_over(start_server: MakeServer) -> None:
    one, other = start_server(), start_server()
    movie = listed(other)[0]
    send(one, rating(movie))
    wait_until(lambda: movie not in listed(other), said="the other server never heard of the rating")


def test_ratings_lie_ready_for_the_next_training_run(client: TestClient, settings: ServingSettings) -> None:
    send(client, rating(3, 2.5), rating(9, 4.0), rating(3, 3.5))
    send(client, rating(6, 0.5), user_id=77)
    wanted = [["10", "3", "3.5"], ["10", "9", "4.0"], ["77", "6", "0.5"]]
    deadline = time.monotonic() + 10
    while read(settings.ratings_drop)[1:] != wanted:
        assert time.monotonic() < deadline, read(settings.ratings_drop)
        time.sleep(0.05)
    assert read(settings.ratings_drop)[0] == ["userId", "movieId", "rating"]


def read(path: Path) -> list[list[str]]:
    """Without the timestamps."""
    if not path.exists():
        return []
    with path.open(newline="") as opened:
        return [row[:3] for row in csv.reader(opened)]


def test_all_that_an_event_says_is_stored(client: TestClient, settings: ServingSettings) -> None:
    said = {"kind": "click", "movie_id": 3, "rank": 2, "model_version": "1", "experiment": "e", "arm": "a"}
    answer = client.post("/feedback", json={"user_id": USER, "events": [said]}, headers={"x-request-id": "page-17"})
    assert answer.headers["x-request-id"] == "page-17"
    with EventStore.open(settings.events_address) as store:
        event = next(iter(store.read()))
    found = {name: getattr(event, name) for name in (*said, "user_id", "request_id")}
    assert found == {**said, "user_id": USER, "request_id": "page-17"}


@pytest.mark.parametrize(
    ("event", "where"),
    [
        (rating(777_777), ["body", "events", 1, "movie_id"]),
        (rating(3, 4.3), ["body", "events", 1, "rating"]),
        (rating(3, 5.5), ["body", "events", 1, "rating"]),
        (rating(3, -1), ["body", "events", 1, "rating"]),
        (rating(3, 1e300), ["body", "events", 1, "rating", "rating"]),
        ({"kind": "rating", "movie_id": 3}, ["body", "events", 1, "rating", "rating"]),
        ({"kind": "purchase", "movie_id": 3}, ["body", "events", 1]),
        ({"kind": "click", "movie_id": 3, "rating": 4}, ["body", "events", 1, "click", "rating"]),
        ({"kind": "click", "movie_id": 3, "arm": "x" * 101}, ["body", "events", 1, "click", "arm"]),
    ],
)
def test_one_bad_event_refuses_all_and_stores_none(
    client: TestClient, settings: ServingSettings, event: dict[str, Any], where: list[Any]
) -> None:
    answer = client.post("/feedback", json={"user_id": USER, "events": [rating(3), event]})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == where
    with EventStore.open(settings.events_address) as store:
        assert list(store.read()) == []


def test_a_store_that_is_gone_is_told_and_recommendations_go_on(
    start_server: MakeServer, settings: ServingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serving.events import EventStoreError

    client = start_server()

    def refuse(*_: object) -> None:
        raise EventStoreError("events.db: the disk is full")

    monkeypatch.setattr(EventStore, "append", refuse)
    answer = client.post("/feedback", json={"user_id": USER, "events": [rating(3)]})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "cannot be stored now" in answer.json()["detail"]
    assert client.get(f"/recommendations/{USER}").status_code == 200


def test_stored_events_are_accepted_although_reading_them_again_fails(
    start_server: MakeServer, settings: ServingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serving.events import EventStoreError

    client = start_server()

    def refuse(*_: object) -> None:
        raise EventStoreError("locked")

    monkeypatch.setattr(EventStore, "ratings_since", refuse)
    send(client, rating(3))
    monkeypatch.undo()
    with EventStore.open(settings.events_address) as store:
        assert len(list(store.read())) == 1


def test_titles_that_only_an_arm_of_the_experiment_knows_may_be_reported(
    start_server: MakeServer, registry: Any, bundle_folders: dict[str, Path], tmp_path: Path
) -> None:
    declared = tmp_path / "experiments.yaml"
    declared.write_text(
        "experiments: [{name: e, control: a, arms: [{name: a, model: champion, share: 0.5},"
        " {name: b, model: challenger, share: 0.5}]}]"
    )
    registry.aliases["challenger"] = "2"
    client = start_server(experiments_file=declared)
    shelf = client.app.state.server.shelf  # type: ignore[attr-defined]
    known = shelf.get("champion").place_of
    object.__setattr__(shelf.get("champion"), "place_of", lambda movie_id: -1 if movie_id == 3 else known(movie_id))
    send(client, {"kind": "impression", "movie_id": 3})
