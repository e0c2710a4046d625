"""The running server keeps its own document, and no body, however odd, breaks it."""

import http.client
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

_FIELDS = (
    "liked", "disliked", "ratings", "k", "model", "alpha", "genres", "year_from", "year_to", "exclude", "explain",
    "diversity", "user_id", "events", "unseen", "n", "kind", "movie_id", "rating", "rank", "arm", "",
)  # fmt: skip
_ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 3, 9, 5e-324, 1.5, 4.5, 1e308, 2**53, 2**64, -(2**70), "", "hybrid", "als", "Drama",
    "rating", "click", "\x00", "é" * 50, "\ud800", "0.5", [], {}, [[]], {"movie_id": 3, "rating": 5},
)  # fmt: skip
_ADDRESSES = ("/recommendations", "/feedback", "/onboarding")


@pytest.fixture
def thorough(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--slow"))


def test_schemathesis_finds_nothing(address: str, thorough: bool, tmp_path: Path) -> None:
    """Without its check that all that the schema allows is accepted: that a movie exists is not in a schema."""
    n_examples = 60 if thorough else 5
    found = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json", "--no-color", "--seed", "1"),
            *("--max-examples", str(n_examples), "--exclude-checks", "positive_data_acceptance"),
            *("--header", "Authorization: Bearer token"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        cwd=tmp_path,  # it keeps what it found there
    )
    assert found.returncode == 0, found.stdout[-6000:] + found.stderr[-2000:]
    assert " passed" in found.stdout


def test_random_bodies_never_give_a_server_error(address: str, thorough: bool) -> None:
    n_bodies = 10_000 if thorough else 500
    draw = random.Random(n_bodies)
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    statuses: dict[int, int] = {}
    for _ in range(n_bodies):
        where, body = draw.choice(_ADDRESSES), _body(draw)
        connection.request("POST", where, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status < 500, (where, body, said)
        json.loads(said)
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
    connection.close()
    assert {200, 422} <= set(statuses), statuses


def _body(draw: random.Random) -> bytes:
    kind = draw.random()
    if kind < 0.1:
        return draw.randbytes(draw.randrange(200))
    text = json.dumps(_value(draw, 0) if kind < 0.3 else _document(draw)).encode()
    if kind > 0.9 and text:  # one byte is wrong
        place = draw.randrange(len(text))
        text = text[:place] + draw.randbytes(1) + text[place + 1 :]
    return text


def _document(draw: random.Random) -> dict[str, Any]:
    """Near what the API takes, or exactly that."""
    movies = [draw.choice([3, 6, 9, 12, 15]) for _ in range(draw.randrange(4))]
    near: dict[str, Any] = draw.choice(
        [
            {"liked": movies, "k": draw.choice([1, 10, 100])},
            {"ratings": [{"movie_id": movie, "rating": draw.choice([0.5, 4.5, 6])} for movie in movies]},
            {"user_id": 10, "events": [{"kind": "rating", "movie_id": movie, "rating": 4} for movie in movies]},
            {"unseen": movies, "n": 3},
            {},
        ]
    )
    for _ in range(draw.randrange(3)):
        near[draw.choice(_FIELDS)] = _value(draw, 1)
    return near


def _value(draw: random.Random, depth: int) -> Any:
    if depth > 3 or draw.random() < 0.6:
        return draw.choice(_ODD)
    if draw.random() < 0.5:
        return [_value(draw, depth + 1) for _ in range(draw.randrange(4))]
    return {draw.choice(_FIELDS): _value(draw, depth + 1) for _ in range(draw.randrange(4))}
