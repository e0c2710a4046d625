"""Request ids, logs, metrics, limits on what is read, answers that take too long, and a clean end."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from starlette.testclient import TestClient

from recsys_core.bundle import ModelBundle
from serving.logs import configure_logs
from tests.waiting import wait_until

MakeServer = Callable[..., TestClient]


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The log's documents so far, as the running server writes them."""
    before = structlog.get_config()
    stream = io.StringIO()
    configure_logs(stream=stream)

    def documents() -> list[dict[str, Any]]:
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    yield documents
    structlog.configure(**before)


def test_each_request_is_one_log_line_with_its_id(
    start_server: MakeServer, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    client = start_server()
    answer = client.get("/recommendations/10?k=3")
    again = client.get("/recommendations/10?k=3", headers={"x-request-id": "mine-1"})
    lines = [line for line in logged() if line["event"] == "request"]
    assert [line["request_id"] for line in lines] == [answer.headers["x-request-id"], "mine-1"]
    assert [line["cached"] for line in lines] == [False, True]
    assert {line["route"] for line in lines} == {"/recommendations/{user_id}"}
    assert all(line["status"] == 200 and line["version"] == "1" and line["ms"] > 0 for line in lines)
    assert again.json() == answer.json()


@pytest.mark.parametrize("sent", ["x" * 65, "a b", 'a"b', ""])
def test_an_id_that_could_disturb_the_log_is_replaced(client: TestClient, sent: str) -> None:
    found = client.get("/health", headers={"x-request-id": sent}).headers["x-request-id"]
    assert found != sent
    assert len(found) == 32


def test_a_fault_is_a_plain_500_for_the_caller_and_a_trace_in_the_log(
    start_server: MakeServer, monkeypatch: pytest.MonkeyPatch, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    client = start_server()

    def fail(*_: object, **__: object) -> None:
        held = "local" + " value"
        raise RuntimeError(f"secret detail {len(held)}")

    monkeypatch.setattr(ModelBundle, "recommend_for_user", fail)
    answer = client.get("/recommendations/10", headers={"x-request-id": "broken-1"})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"] == "broken-1"
    (line,) = [line for line in logged() if line["event"] == "request failed"]
    assert line["request_id"] == "broken-1"
    assert "secret detail" in json.dumps(line["exception"])
    assert "local value" not in json.dumps(line)


def test_metrics_count_requests_answers_cache_and_models(client: TestClient) -> None:
    for _ in range(3):
        client.get("/recommendations/10")
    client.get("/recommendations/10?k=0")
    client.get("/nowhere")
    text = client.get("/metrics").text
    for line in (
        'recsys_requests_total{method="GET",route="/recommendations/{user_id}",status="200"} 3.0',
        'recsys_requests_total{method="GET",route="/recommendations/{user_id}",status="422"} 1.0',
        'recsys_requests_total{method="GET",route="none",status="404"} 1.0',
        'recsys_answers_total{model="hybrid",path="warm",source="model"} 1.0',
        'recsys_answers_total{model="hybrid",path="any",source="cache"} 2.0',
        'recsys_cache_total{outcome="hit"} 2.0',
        'recsys_cache_total{outcome="miss"} 1.0',
        'recsys_model_loaded{reference="champion",version="1"} 1.0',
        "recsys_exposures_lost 0.0",
    ):
        assert line in text.splitlines(), line
    assert 'recsys_request_seconds_bucket{le="0.005",route="/recommendations/{user_id}"}' in text


def test_bodies_that_are_too_long_are_refused_before_they_are_read(client: TestClient) -> None:
    long = b'{"liked": [' + b"3," * 200_000 + b"3]}"
    headers = {"content-type": "application/json"}
    answer = client.post("/recommendations", content=long, headers=headers)
    assert answer.status_code == 413
    assert "longer than 262,144 bytes" in answer.json()["detail"]

    def pieces() -> Iterator[bytes]:  # without a length
        for _ in range(100):
            yield b" " * 10_000

    assert client.post("/recommendations", content=pieces(), headers=headers).status_code == 413
    assert client.post("/recommendations", content=b"{}", headers={**headers, "content-length": "x"}).status_code == 413
    assert 'recsys_refused_total{reason="too_long"} 3.0' in client.get("/metrics").text


def test_an_answer_that_takes_too_long_is_given_up(start_server: MakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = start_server(answer_seconds=0.05)
    until = slow_recommendations(monkeypatch)
    answer = client.get("/recommendations/10")
    assert answer.status_code == 504
    assert "longer than 0.05 seconds" in answer.json()["detail"]
    assert client.get("/health").status_code == 200
    until.set()
    monkeypatch.undo()
    wait_until(lambda: "recsys_waiting 0.0" in client.get("/metrics").text)
    assert client.get("/movies?query=matrix").status_code == 200


def slow_recommendations(patch: pytest.MonkeyPatch) -> threading.Event:
    """Every recommendation waits until the event is set, ten seconds at most."""
    until = threading.Event()
    original = ModelBundle.recommend_for_user

    def slow(self: ModelBundle, *arguments: Any, **options: Any) -> Any:
        until.wait(10)
        return original(self, *arguments, **options)

    patch.setattr(ModelBundle, "recommend_for_user", slow)
    return until


def test_more_than_can_be_worked_on_is_turned_away(start_server: MakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = start_server(max_waiting=2, cache_seconds=0.0)
    until = slow_recommendations(monkeypatch)
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(client.get("/recommendations/10").status_code))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(statuses) >= 4)
    assert statuses == [503] * 4
    until.set()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 200, 503, 503, 503, 503]


def test_more_requests_than_allowed_at_once_are_turned_away_and_health_is_not(
    start_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = start_server(max_requests=1, cache_seconds=0.0)
    until = slow_recommendations(monkeypatch)
    answers: list[int] = []
    first = threading.Thread(target=lambda: answers.append(client.get("/recommendations/10").status_code))
    first.start()
    wait_until(lambda: "recsys_waiting 1.0" in client.get("/metrics").text)
    refused = client.get("/movies?query=matrix")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert client.get("/health").status_code == 200
    until.set()
    first.join()
    assert answers == [200]
    assert client.get("/movies?query=matrix").status_code == 200
    assert 'recsys_refused_total{reason="too_many"} 1.0' in client.get("/metrics").text


def test_without_a_cache_every_answer_is_worked_out(start_server: MakeServer) -> None:
    client = start_server(cache_seconds=0.0)
    for _ in range(2):
        client.get("/recommendations/10")
    assert 'recsys_answers_total{model="hybrid",path="warm",source="model"} 2.0' in client.get("/metrics").text


def test_other_sites_may_not_ask_from_a_browser(client: TestClient) -> None:
    answer = client.get("/recommendations/10", headers={"origin": "https://example.org"})
    assert "access-control-allow-origin" not in answer.headers
    preflight = {"origin": "https://example.org", "access-control-request-method": "POST"}
    assert client.options("/feedback", headers=preflight).status_code == 405
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_methods_and_addresses_that_are_none_get_json(client: TestClient) -> None:
    assert client.delete("/recommendations/10").json() == {"detail": "Method Not Allowed"}
    assert client.get("/nowhere").json() == {"detail": "Not Found"}


def test_the_document_has_examples_and_every_route(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert set(document["paths"]) == {
        "/recommendations/{user_id}", "/recommendations", "/movies", "/movies/{movie_id}",
        "/movies/{movie_id}/similar", "/users/{user_id}", "/onboarding", "/feedback", "/models",
        "/models/{version}/evaluation", "/models/{version}/plots/{name}", "/admin/reload", "/health", "/ready",
        "/metrics",
    }  # fmt: skip
    for name in ("RecommendationsRequest", "FeedbackRequest"):
        assert document["components"]["schemas"][name]["examples"]
