"""Search, one movie, movies like it, a person's ratings, and what to ask somebody new."""

from starlette.testclient import TestClient

from recsys_core.bundle import ModelBundle
from serving import schemas


def test_search_gives_movies_with_links(client: TestClient) -> None:
    found = client.get("/movies", params={"query": "amelie", "k": 3}).json()
    assert found["query"] == "amelie"
    first = schemas.Movie.model_validate(found["items"][0])
    assert (first.title.startswith("Amélie"), first.imdb_id, first.genres) == (True, "0000002", ["Drama"])


def test_search_needs_a_text_of_reasonable_length(client: TestClient) -> None:
    for query in ("", "x" * 201):
        answer = client.get("/movies", params={"query": query})
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"] == ["query", "query"]
    assert client.get("/movies").status_code == 422


def test_a_movie_outside_the_catalogue_is_not_found(client: TestClient) -> None:
    for address in ("/movies/777777", "/movies/777777/similar"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "no title 777777 in the catalogue of 47 titles" in answer.json()["detail"]


def test_similar_movies_are_the_models_and_not_the_movie_itself(client: TestClient, bundle: ModelBundle) -> None:
    movie_id = int(bundle.titles.item_ids[4])
    found = client.get(f"/movies/{movie_id}/similar", params={"k": 6}).json()
    assert found["movie"] == client.get(f"/movies/{movie_id}").json()
    expected = [item.movie_id for item in bundle.similar_items(movie_id, 6).items]
    assert [item["movie_id"] for item in found["items"]] == expected
    assert movie_id not in expected
    assert client.get(f"/movies/{movie_id}/similar", params={"k": 6}).json() == found  # from the cache


def test_a_persons_ratings_come_best_first(client: TestClient, bundle: ModelBundle) -> None:
    found = client.get("/users/10", params={"k": 100}).json()
    assert {item["movie_id"]: item["rating"] for item in found["items"]} == bundle.ratings_of(10)
    ratings = [item["rating"] for item in found["items"]]
    assert ratings == sorted(ratings, reverse=True)
    assert (found["known"], found["n_ratings"]) == (True, len(ratings))
    assert len(client.get("/users/10", params={"k": 2}).json()["items"]) == 2


def test_a_stranger_has_no_ratings(client: TestClient) -> None:
    assert client.get("/users/999999").json() == {"user_id": 999_999, "known": False, "n_ratings": 0, "items": []}


def test_newcomers_are_asked_about_other_titles_than_before(client: TestClient, bundle: ModelBundle) -> None:
    first = client.post("/onboarding", json={"n": 4}).json()
    ids = [item["movie_id"] for item in first["items"]]
    assert ids == bundle.ask_next({}, [], 4)
    said = {"ratings": [{"movie_id": ids[0], "rating": 4}], "unseen": ids[1:3], "n": 6}
    then = [item["movie_id"] for item in client.post("/onboarding", json=said).json()["items"]]
    assert then == bundle.ask_next({ids[0]: 4.0}, ids[1:3], 6)
    assert not set(then) & set(ids[:3])


def test_answers_about_unknown_titles_or_off_the_scale_are_refused(client: TestClient) -> None:
    for said, where in (
        ({"unseen": [3, 777_777]}, ["body", "unseen", 1]),
        ({"ratings": [{"movie_id": 777_777, "rating": 4}]}, ["body", "ratings", 0, "movie_id"]),
        ({"ratings": [{"movie_id": 3, "rating": 9}]}, ["body", "ratings", 0, "rating"]),
        ({"n": 51}, ["body", "n"]),
    ):
        answer = client.post("/onboarding", json=said)
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"] == where
