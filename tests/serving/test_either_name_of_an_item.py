"""movie_id and item_id: both in every answer, either in what is sent."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from recsys_core.bundle import ListOptions, ModelBundle


def documents(value: Any) -> list[dict[str, Any]]:
    """All of an answer that are of a movie."""
    if isinstance(value, list):
        return [found for part in value for found in documents(part)]
    if not isinstance(value, dict):
        return []
    return ([value] if "movie_id" in value else []) + documents(list(value.values()))


@pytest.mark.parametrize(
    "address", ["/recommendations/10?explain=true", "/movies/3", "/movies/3/similar", "/movies?query=a", "/users/10"]
)
def test_every_answer_has_both_names(client: TestClient, address: str) -> None:
    found = documents(client.get(address).json())
    assert found
    assert all(one["item_id"] == one["movie_id"] for one in found)


def test_the_command_lines_document_has_both_names(bundle: ModelBundle) -> None:
    answer = bundle.recommend_for_user(10, ListOptions(k=3, explain=True))
    found = documents(json.loads(json.dumps(answer.as_dict())))
    assert len(found) > 3
    assert all(one["item_id"] == one["movie_id"] for one in found)


def test_either_name_is_taken(client: TestClient) -> None:
    def sent(*ratings: dict[str, Any]) -> Any:
        return client.post("/recommendations", json={"ratings": ratings}).json()

    by_movie = sent({"movie_id": 3, "rating": 5})
    assert by_movie["path"] == "folded_in"
    assert sent({"item_id": 3, "rating": 5}) == by_movie
    assert sent({"item_id": "3", "movie_id": 3, "rating": 5}) == by_movie
    event = {"kind": "rating", "item_id": 3, "rating": 4}
    assert client.post("/feedback", json={"user_id": 4321, "events": [event]}).status_code == 200
    assert client.get("/users/4321").json()["items"][0]["item_id"] == 3


@pytest.mark.parametrize("item", [{"movie_id": 3, "item_id": 6}, {}, {"item_id": None}, {"item_id": 1.5}])
def test_two_items_or_none_are_refused(client: TestClient, item: dict[str, Any]) -> None:
    for address, body in (
        ("/recommendations", {"ratings": [{**item, "rating": 5}]}),
        ("/feedback", {"user_id": 10, "events": [{**item, "kind": "click"}]}),
    ):
        answer = client.post(address, json=body)
        assert answer.status_code == 422, answer.text


def test_the_document_says_so(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    for name in ("Rating", "SeenEvent", "RatingEvent"):
        assert schemas[name]["anyOf"] == [{"required": ["movie_id"]}, {"required": ["item_id"]}]
        assert "movie_id" not in schemas[name]["required"]
    for name in ("Movie", "RecommendedMovie", "RatedMovie", "Because"):
        assert {"movie_id", "item_id"} <= set(schemas[name]["required"])
