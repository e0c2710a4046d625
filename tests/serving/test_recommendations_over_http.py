"""Lists over HTTP: the same as the model's own, on every path, filtered, balanced, explained and refused."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from recsys_core.bundle import ListOptions, ModelBundle
from serving import schemas

USER = 10
STRANGER = 999_999


def asked(client: TestClient, address: str, **parameters: Any) -> dict[str, Any]:
    answer = client.get(address, params=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sent(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/recommendations", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids(answer: dict[str, Any]) -> list[int]:
    return [item["movie_id"] for item in answer["items"]]


@pytest.mark.parametrize("model", ["hybrid", "als", "ease", "content"])
def test_a_known_person_gets_what_the_model_says(client: TestClient, bundle: ModelBundle, model: Any) -> None:
    found = asked(client, f"/recommendations/{USER}", k=7, model=model)
    expected = bundle.recommend_for_user(USER, ListOptions(k=7, model=model))
    assert ids(found) == [item.movie_id for item in expected.items]
    assert (found["user_id"], found["path"], found["model"], found["model_version"]) == (USER, "warm", model, "1")
    assert [item["rank"] for item in found["items"]] == list(range(1, 8))
    schemas.RecommendationsResponse.model_validate(found)


def test_each_movie_comes_with_what_a_card_shows(client: TestClient) -> None:
    item = asked(client, f"/recommendations/{USER}", k=1)["items"][0]
    movie = asked(client, f"/movies/{item['movie_id']}")
    assert {name: item[name] for name in movie} == movie
    assert movie["tmdb_id"] == movie["movie_id"] + 1000
    assert movie["year"] == int(movie["title"][-5:-1])
    assert movie["n_ratings"] > 0


def test_reasons_add_up_to_the_score(client: TestClient) -> None:
    for item in asked(client, f"/recommendations/{USER}", explain=True)["items"]:
        assert sum(item["sources"].values()) == pytest.approx(item["score"], abs=1e-9)
        assert item["because"]
    assert asked(client, f"/recommendations/{USER}")["items"][0]["because"] is None


def test_strangers_and_empty_bodies_get_what_suits_newcomers(client: TestClient) -> None:
    stranger, empty = asked(client, f"/recommendations/{STRANGER}"), sent(client)
    assert client.post("/recommendations").json() == empty
    assert (stranger["path"], empty["path"]) == ("cold", "cold")
    assert ids(stranger) == ids(empty)
    assert len(ids(empty)) == 10
    assert (stranger["user_id"], empty["user_id"]) == (STRANGER, None)


def test_liked_and_disliked_titles_and_ratings_are_folded_in(client: TestClient, bundle: ModelBundle) -> None:
    found = sent(client, liked=[3, 9], disliked=[12], ratings=[{"movie_id": 15, "rating": 3.5}], k=5)
    expected = bundle.recommend_for_ratings({15: 3.5, 12: 0.5, 3: 5.0, 9: 5.0}, ListOptions(k=5))
    assert found["path"] == "folded_in"
    assert ids(found) == [item.movie_id for item in expected.items]
    assert not {3, 9, 12, 15} & set(ids(found))
    assert ids(sent(client, liked=[3, 9], k=5)) != ids(found)


def test_lists_keep_to_genres_years_and_exclusions(client: TestClient) -> None:
    plain = asked(client, f"/recommendations/{USER}", k=100)
    wanted = {"k": 100, "genres": ["comedy", "WAR"], "year_from": 1955, "year_to": 1980, "exclude": ids(plain)[:2]}
    found = asked(client, f"/recommendations/{USER}", **wanted)
    assert found["items"]
    for item in found["items"]:
        assert {"Comedy", "War"} & set(item["genres"])
        assert 1955 <= item["year"] <= 1980
    assert not set(ids(found)) & set(ids(plain)[:2])
    by_body = sent(client, liked=[3], **wanted)
    assert all({"Comedy", "War"} & set(item["genres"]) for item in by_body["items"])


def test_alpha_moves_between_content_and_collaborative(client: TestClient) -> None:
    def sources(alpha: float) -> list[dict[str, float]]:
        found = asked(client, f"/recommendations/{USER}", alpha=alpha, explain=True)
        return [item["sources"] for item in found["items"]]

    assert all(source["content"] == 0 for source in sources(1.0))
    assert any(source["content"] != 0 for source in sources(0.0))
    assert ids(asked(client, f"/recommendations/{USER}", alpha=0.5)) == ids(asked(client, f"/recommendations/{USER}"))


def test_diversity_changes_the_list(client: TestClient) -> None:
    assert ids(asked(client, f"/recommendations/{USER}", k=5, diversity=0.9)) != ids(
        asked(client, f"/recommendations/{USER}", k=5)
    )


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"k": 0}, "k"),
        ({"k": 101}, "k"),
        ({"k": "many"}, "k"),
        ({"model": "magic"}, "model"),
        ({"alpha": 1.5}, "alpha"),
        ({"alpha": "nan"}, "alpha"),
        ({"diversity": -1}, "diversity"),
        ({"genres": ["Drama", "Westren"]}, "genres"),
        ({"year_from": 12}, "year_from"),
        ({"year_from": 2000, "year_to": 1990}, "year_to"),
        ({"exclude": list(range(1, 502))}, "exclude"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_bad_parameters_are_refused_with_the_fields_name(
    client: TestClient, parameters: dict[str, Any], field: str
) -> None:
    answer = client.get(f"/recommendations/{USER}", params=parameters)
    assert answer.status_code == 422
    assert field in {part for fault in answer.json()["detail"] for part in fault["loc"]}
    assert all(fault["msg"] for fault in answer.json()["detail"])


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"liked": [3, 777_777]}, ["body", "liked", 1]),
        ({"disliked": [777_777]}, ["body", "disliked", 0]),
        ({"liked": [3], "disliked": [3]}, ["body", "disliked"]),
        ({"liked": ["three"]}, ["body", "liked", 0]),
        ({"liked": list(range(1, 600))}, ["body", "liked"]),
        ({"ratings": [{"movie_id": 3, "rating": 5.5}]}, ["body", "ratings", 0, "rating"]),
        ({"ratings": [{"movie_id": 777_777, "rating": 5}]}, ["body", "ratings", 0, "movie_id"]),
        ({"k": 10_000}, ["body", "k"]),
        ({"genres": ["\ud800"]}, ["body", "genres", 0]),
        ([], ["body"]),
    ],
)
def test_bad_bodies_are_refused_with_the_fields_name(client: TestClient, body: Any, where: list[Any]) -> None:
    answer = client.post("/recommendations", content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert where in [fault["loc"] for fault in answer.json()["detail"]]


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b'{"alpha": NaN}', b'{"k": 1e999}', b"[" * 50_000])
def test_what_is_not_json_is_refused(client: TestClient, raw: bytes) -> None:
    answer = client.post("/recommendations", content=raw, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.json()["detail"]


@pytest.mark.parametrize("user_id", ["1.5", str(2**63), "abc", "9" * 30])
def test_user_ids_that_are_none_are_refused(client: TestClient, user_id: str) -> None:
    answer = client.get(f"/recommendations/{user_id}")
    assert answer.status_code == 422
    assert ["path", "user_id"] in [fault["loc"] for fault in answer.json()["detail"]]


@pytest.mark.parametrize("user_id", [0, -1, 2**53 + 1, -(2**63)])
def test_every_whole_number_of_64_bits_is_a_user_id_and_a_text_where_json_would_round_it(
    client: TestClient, user_id: int
) -> None:
    answer = client.get(f"/recommendations/{user_id}")
    assert answer.status_code == 200
    assert answer.json()["user_id"] == (user_id if abs(user_id) <= 2**53 else str(user_id))
    assert answer.json()["path"] == "cold"
