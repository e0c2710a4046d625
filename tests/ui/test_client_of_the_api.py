"""The client: questions as the API takes them, and errors that say what to do."""

import json
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Response

from serving.schemas import ListOptions, RatingEvent, RecommendationsRequest
from tests.ui.stub_api import Stub, serving
from ui.client import (
    ApiBrokenError,
    ApiBusyError,
    ApiClient,
    ApiNotFoundError,
    ApiNotReadyError,
    ApiRefusedError,
    ApiUnreachableError,
    Fault,
)


@pytest.fixture
def client(stub: Stub) -> Iterator[ApiClient]:
    opened = ApiClient(stub.url)
    yield opened
    opened.close()


def answering(code: int, body: bytes, kind: str = "application/json") -> FastAPI:
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    def answer(path: str) -> Response:
        return Response(body, code, media_type=kind)

    return app


def asked(url: str, what: str, *given: str, **of_client: float) -> object:
    """One question by a client of its own."""
    with ApiClient(url, **of_client) as opened:
        return getattr(opened, what)(*given)


def test_options_reach_the_api(client):
    options = ListOptions(k=7, genres=["Crime", "War"], year_from=1970, year_to=1999, exclude=[1, 50], explain=True)
    listed = client.recommend(1, options)
    assert len(listed.items) == 7
    for movie in listed.items:
        assert {"Crime", "War"} & set(movie.genres)
        assert movie.year is not None
        assert 1970 <= movie.year <= 1999
        assert movie.sources is not None
        assert movie.movie_id not in {1, 50}


def test_empty_request_is_a_cold_start(client):
    assert client.recommend_for(RecommendationsRequest()).path == "cold"
    assert client.recommend_for(RecommendationsRequest(liked=[260])).path == "folded_in"


def test_rating_changes_the_next_answer(client):
    first = client.recommend(1).items[0].movie_id
    client.send_feedback(1, [RatingEvent(kind="rating", movie_id=first, rating=5)])
    assert first not in [movie.movie_id for movie in client.recommend(1).items]
    assert first in [movie.movie_id for movie in client.user(1).items if movie.rating == 5]


def test_unknown_movie_is_not_found_in_the_apis_own_words(client):
    with pytest.raises(ApiNotFoundError, match="987654321"):
        client.similar(987654321)


def test_value_that_the_api_refuses_is_named(client):
    with pytest.raises(ApiRefusedError, match="movie_id"):
        client._get("/movies/not-a-number", ListOptions)


def test_nothing_listening_says_how_to_start_it():
    with serving(FastAPI()) as gone:
        pass
    with pytest.raises(ApiUnreachableError, match=r"does not answer at .*recsys serve.*make dev"):
        asked(gone, "models")


@pytest.mark.parametrize("address", ["", "not an address", "http://", "ftp://localhost"])
def test_address_that_is_none_is_unreachable(address):
    with pytest.raises(ApiUnreachableError):
        asked(address, "models")


def test_slow_api_is_unreachable_after_the_time_out():
    import time

    app = FastAPI()
    app.get("/models")(lambda: time.sleep(0.6))
    with serving(app) as url, pytest.raises(ApiUnreachableError, match="too long"):
        asked(url, "models", timeout=0.1)


@pytest.mark.parametrize(
    ("code", "body", "error"),
    [
        (503, {"detail": "no model is loaded yet: no champion is registered"}, ApiNotReadyError),
        (503, {"detail": "too many answers are being worked out; try again in a second"}, ApiBusyError),
        (503, None, ApiBusyError),
        (504, {"detail": "the answer took too long"}, ApiBusyError),
        (500, {"detail": "secret traceback"}, ApiBrokenError),
        (502, None, ApiBrokenError),
        (429, {"detail": "slower"}, ApiRefusedError),
        (422, {"detail": [{"loc": ["query", "k"], "msg": "too large"}]}, ApiRefusedError),
        (422, {"detail": [7, {"loc": 3, "msg": "odd"}, {"msg": "odd"}]}, ApiRefusedError),
        (418, None, ApiRefusedError),
        (200, {"hello": "world"}, ApiBrokenError),
        (200, None, ApiBrokenError),
    ],
)
def test_answers_that_are_none_become_errors(code, body, error):
    content = b"<html>" if body is None else json.dumps(body).encode()
    with serving(answering(code, content)) as url, pytest.raises(error) as caught:
        asked(url, "models")
    assert "secret traceback" not in str(caught.value)
    assert "<html>" not in str(caught.value)


def test_field_that_was_refused_is_in_the_message_and_beside_it():
    body = json.dumps({"detail": [{"loc": ["query", "genres", 2], "msg": "too large"}]}).encode()
    with serving(answering(422, body)) as url, pytest.raises(ApiRefusedError, match=r"genres\.2: too large") as caught:
        asked(url, "models")
    assert caught.value.faults == (Fault(("query", "genres", 2), "too large"),)


def test_api_that_is_busy_says_why_and_nothing_of_models():
    body = json.dumps({"detail": "the events cannot be stored now; send them again later"}).encode()
    with serving(answering(503, body)) as url, pytest.raises(ApiBusyError, match=r"cannot be stored.*again") as caught:
        asked(url, "models")
    assert "recsys run" not in str(caught.value)


def test_without_a_model_it_is_said_how_to_make_one():
    body = json.dumps({"detail": "no model is loaded yet: no champion is registered"}).encode()
    with serving(answering(503, body)) as url, pytest.raises(ApiNotReadyError, match="`recsys run --data FOLDER`"):
        asked(url, "models")


def test_plot_that_is_no_image_is_broken():
    with serving(answering(200, b"<html>", "text/html")) as url, pytest.raises(ApiBrokenError, match="not a PNG"):
        asked(url, "plot", "1", "models_by_metric")
