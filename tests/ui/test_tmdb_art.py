"""TMDB's answers become posters, its failures become none, and its key stays where it is."""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.ui.local_tmdb import BAD_KEY, TOO_MANY, V3_KEY, V4_TOKEN, Script, local_tmdb
from ui.settings import PageSettings
from ui.tmdb import ArtCache, Artwork, TmdbClient, TmdbError, TmdbRefusedError, read_art
from ui.tmdb.client import TmdbUnreachableError

DAY = 86_400


@pytest.fixture
def tmdb() -> Iterator[Script]:
    with local_tmdb() as script:
        yield script


@pytest.fixture
def client(tmdb: Script) -> Iterator[TmdbClient]:
    opened = TmdbClient(SecretStr(V3_KEY), tmdb.url, back_off=0.01)
    yield opened
    opened.close()


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def artwork_of(client: TmdbClient | None, folder: Path, **given) -> Artwork:
    return Artwork(client, ArtCache(folder / "tmdb" / "art.sqlite"), **given)


@pytest.mark.parametrize("key", [V3_KEY, V4_TOKEN], ids=["v3 key", "v4 token"])
def test_poster_and_overview_come_with_either_kind_of_key(tmdb, key):
    client = TmdbClient(SecretStr(key), tmdb.url)
    art = client.movie(862)
    client.close()
    assert art is not None
    assert art.poster_url("https://image.tmdb.org/t/p") == (
        "https://image.tmdb.org/t/p/w342/uXDfjJbdP4ijW5hWSBrPrlKpxab.jpg"
    )
    assert art.overview.startswith("Led by Woody")


def test_movie_that_tmdb_does_not_know_is_none(tmdb, client):
    tmdb.unknown.add(5)
    assert client.movie(5) is None
    assert tmdb.asked[5] == 1


def test_refused_key_is_said_once_and_ends_all_questions(tmdb, tmp_path, caplog):
    client = TmdbClient(SecretStr("f" * 32), tmdb.url)
    with pytest.raises(TmdbRefusedError, match="TMDB_API_KEY"):
        client.movie(862)
    artwork = artwork_of(client, tmp_path)
    assert artwork.find(range(1, 20)) == {}
    assert artwork.find([862]) == {}
    artwork.close()
    assert len([record for record in caplog.records if "TMDB_API_KEY" in record.getMessage()]) == 1


@pytest.mark.parametrize("code", [429, 500, 503])
def test_busy_server_is_asked_again(tmdb, client, code):
    tmdb.fail(862, code, TOO_MANY, times=2)
    assert client.movie(862) is not None
    assert tmdb.asked[862] == 3


def test_server_that_stays_busy_is_asked_three_times(tmdb, client):
    tmdb.fail(862, 500, times=9)
    with pytest.raises(TmdbError, match="500"):
        client.movie(862)
    assert tmdb.asked[862] == 3


def test_retry_after_is_honoured(tmdb, client, monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waits.append)
    tmdb.fail(862, 429, TOO_MANY, Retry_After="3")
    in_two_seconds = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    tmdb.fail(862, 429, TOO_MANY, Retry_After=in_two_seconds)
    assert client.movie(862) is not None
    assert waits[0] == 3.0
    assert 0 < waits[1] <= 2.0


def test_retry_after_of_an_hour_is_not_waited_for(tmdb, client):
    tmdb.fail(862, 429, TOO_MANY, Retry_After="3600")
    with pytest.raises(TmdbError, match="429"):
        client.movie(862)
    assert tmdb.asked[862] == 1


def test_retry_after_that_says_nothing_is_ignored(tmdb, client):
    tmdb.fail(862, 429, TOO_MANY, Retry_After="soon")
    assert client.movie(862) is not None


def test_slow_server_is_unreachable(tmdb):
    tmdb.seconds = 2.0
    client = TmdbClient(SecretStr(V3_KEY), tmdb.url, timeout=0.1)
    with pytest.raises(TmdbUnreachableError, match="too long"):
        client.movie(862)
    client.close()


@pytest.mark.parametrize("body", [b"<html>maintenance</html>", b"", b"[]", b'{"id": "x"}', b"\xff\xfe"])
def test_answer_that_is_not_tmdbs_json_is_an_error(tmdb, client, body):
    tmdb.fail(862, 200, body)
    with pytest.raises(TmdbError, match="cannot be read"):
        client.movie(862)


@pytest.mark.parametrize(
    "path", ['/x.jpg" onerror="alert(1)', "javascript:alert(1)", "//evil.example/x.jpg", "/../x.jpg", 7, None]
)
def test_image_path_that_is_not_a_file_name_is_no_image(path):
    import json

    art = read_art(json.dumps({"id": 1, "poster_path": path, "overview": None}))
    assert art is not None
    assert art.poster_url("https://image.tmdb.org/t/p") is None


def test_movies_are_asked_for_side_by_side(tmdb, client, tmp_path):
    tmdb.seconds = 0.1
    artwork = artwork_of(client, tmp_path, patience=10)
    assert len(artwork.find(range(1, 17))) == 16
    artwork.close()
    assert tmdb.most_at_once > 3


def test_page_does_not_wait_and_the_next_look_has_the_poster(tmdb, client, tmp_path):
    tmdb.seconds = 0.3
    artwork = artwork_of(client, tmp_path, patience=0.0)
    assert artwork.find([862]) == {}
    artwork.close()  # waits for what is under way
    later = artwork_of(None, tmp_path)
    assert later.find([862]) == {}  # no key, no posters
    assert ArtCache(tmp_path / "tmdb" / "art.sqlite").get([862])[862] is not None


def test_rows_with_one_deadline_wait_once_together(tmdb, client, tmp_path):
    tmdb.seconds = 0.4
    cached = artwork_of(client, tmp_path, patience=10)
    assert sorted(cached.find([862])) == [862]
    artwork = artwork_of(client, tmp_path, patience=0.1)
    began = time.monotonic()
    deadline = artwork.deadline()
    rows = [artwork.find([862, row], deadline) for row in range(1, 4)]
    assert time.monotonic() - began < 0.3, "three rows, each with a patience of its own, wait for 0.3 s"
    assert [sorted(row) for row in rows] == [[862]] * 3, "what is in the cache is there, however late it is"
    artwork.close()
    cached.close()


def test_one_movie_that_fails_leaves_the_others(tmdb, client, tmp_path):
    tmdb.fail(2, 200, b"not json")
    tmdb.unknown.add(3)
    artwork = artwork_of(client, tmp_path, patience=10)
    assert sorted(artwork.find([1, 2, 3, None])) == [1]
    artwork.close()


def test_cached_answer_is_not_asked_for_again_until_it_expires(tmdb, client, tmp_path):
    clock = Clock()
    cache = ArtCache(tmp_path / "art.sqlite", clock=clock)
    tmdb.unknown.add(5)
    artwork = Artwork(client, cache, patience=10)
    for _ in range(3):
        assert sorted(artwork.find([862, 5])) == [862]
    assert tmdb.asked == {862: 1, 5: 1}
    clock.now += 2 * DAY
    artwork.find([862, 5])
    assert tmdb.asked == {862: 1, 5: 2}, "that there is no movie is believed for a day, a poster for a month"
    clock.now += 40 * DAY
    artwork.find([862])
    artwork.close()
    assert tmdb.asked[862] == 2


@pytest.mark.parametrize("content", [b"this is no database, but long enough to look at" * 90, b""])
def test_damaged_cache_is_made_anew(tmp_path, content):
    path = tmp_path / "art.sqlite"
    path.write_bytes(content)
    cache = ArtCache(path)
    art = read_art('{"id": 1, "poster_path": "/a.jpg"}')
    assert cache.get([1]) == {}
    cache.put(1, art)
    assert cache.get([1]) == {1: art}


def test_folder_that_cannot_be_made_costs_the_cache_alone(tmp_path):
    (tmp_path / "file").write_text("")
    cache = ArtCache(tmp_path / "file" / "art.sqlite")
    cache.put(1, None)
    assert cache.get([1]) == {}


def test_unreachable_server_is_left_alone_for_a_minute(tmp_path, caplog):
    with local_tmdb() as gone:
        pass
    clock = Clock()
    client = TmdbClient(SecretStr(V3_KEY), gone.url)
    artwork = artwork_of(client, tmp_path, patience=10, clock=clock, n_workers=1)
    for _ in range(3):
        assert artwork.find([1, 2, 3]) == {}
    clock.now += 61
    assert artwork.find([1]) == {}
    artwork.close()
    assert len([record for record in caplog.records if "cannot be reached" in record.getMessage()]) == 2


@pytest.mark.parametrize("key", [V3_KEY, V4_TOKEN], ids=["v3 key", "v4 token"])
def test_key_is_in_no_log_line_error_or_file(tmdb, tmp_path, caplog, key):
    caplog.set_level(logging.DEBUG)
    tmdb.fail(1, 401, BAD_KEY)
    tmdb.fail(2, 500, times=9)
    tmdb.fail(3, 200, b"not json")
    client = TmdbClient(SecretStr(key), tmdb.url, back_off=0.01)
    said = [repr(vars(client)), repr(PageSettings.from_environment({"TMDB_API_KEY": key}))]
    for tmdb_id in (1, 2, 3):
        with pytest.raises(TmdbError) as caught:
            client.movie(tmdb_id)
        said += [str(caught.value), repr(caught.value.__cause__), repr(caught.value.__context__)]
    artwork = artwork_of(client, tmp_path, patience=10)
    assert artwork.find([862])
    artwork.close()
    said += [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    said += [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    assert any("HTTP Request" in line for line in said), "httpx2 logs its requests, which is what could give it away"
    assert not [line for line in said if key in line]
