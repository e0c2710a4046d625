"""Catalogues of which people rate nothing: how often, or only that, something happened."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from recsys_core.dataset.feedback import Feedback
from tests.serving.conftest import Registry, bundle_with, ids

USER = 10
PLAYS = Feedback(0.0, 4.0, 0.0, "counts")


@pytest.fixture(scope="module", params=[PLAYS, Feedback.events()], ids=["counts", "events"])
def feedback(request: pytest.FixtureRequest) -> Feedback:
    found: Feedback = request.param
    return found


@pytest.fixture(scope="module")
def folder(feedback: Feedback, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("bundle")
    bundle_with(feedback=feedback, dataset="things").save(made)
    return made


@pytest.fixture
def registry(folder: Path) -> Registry:
    return Registry({"1": folder})


def say(client: TestClient, movie_id: int, value: float) -> int:
    event = {"kind": "rating", "movie_id": movie_id, "rating": value}
    return client.post("/feedback", json={"user_id": USER, "events": [event]}).status_code


def history(client: TestClient) -> dict[int, float]:
    return {item["movie_id"]: item["rating"] for item in client.get(f"/users/{USER}?k=100").json()["items"]}


def test_models_tell_what_people_say(client: TestClient, feedback: Feedback) -> None:
    (served,) = client.get("/models").json()["served"]
    assert served["rating_scale"] == {
        "kind": feedback.kind, "lowest": 0.0, "highest": feedback.maximum, "step": feedback.step
    }  # fmt: skip
    assert served["dataset"] == "things"
    assert served["genres"] == ["Comedy", "Drama", "Romance", "War"]
    assert served["years"] == [1950, 1996]


def test_what_is_taken_back_leaves_the_history_and_may_be_recommended_again(
    client: TestClient, feedback: Feedback
) -> None:
    before, known = ids(client.get(f"/recommendations/{USER}").json()), history(client)
    assert say(client, before[0], feedback.maximum) == 200
    assert history(client) == {**known, before[0]: feedback.maximum}
    assert before[0] not in ids(client.get(f"/recommendations/{USER}").json())
    assert say(client, before[0], 0) == 200
    assert history(client) == known
    assert ids(client.get(f"/recommendations/{USER}").json()) == before
    first = next(iter(known))
    assert say(client, first, 0) == 200
    assert first not in history(client)
    assert first in ids(client.get(f"/recommendations/{USER}?k=100").json())


def test_counts_may_be_beyond_the_scale_and_nothing_is_below_nought(client: TestClient, feedback: Feedback) -> None:
    assert say(client, 3, 400) == (200 if feedback.kind == "counts" else 422)
    assert say(client, 3, -1) == 422


def test_a_disliked_title_is_left_out_and_says_nothing_more(client: TestClient) -> None:
    plain = ids(client.post("/recommendations", json={"liked": [3, 9], "k": 6}).json())
    less = ids(client.post("/recommendations", json={"liked": [3, 9], "disliked": plain[:1], "k": 5}).json())
    assert less == plain[1:]
    only = client.post("/recommendations", json={"disliked": plain[:1]}).json()
    assert only["path"] == "cold"
    asked = ids(client.post("/onboarding", json={"n": 4}).json())
    assert asked[0] not in ids(client.post("/onboarding", json={"disliked": asked[:1], "n": 4}).json())
