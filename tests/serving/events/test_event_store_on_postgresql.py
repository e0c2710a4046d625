"""The same store on PostgreSQL; skipped where a server or a driver is missing."""

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest

from serving.events import EventStore, EventStoreError, StoredEvent, export_ratings

_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
_MISSING = [
    what
    for what, there in {
        "a driver (psycopg or psycopg2)": find_spec("psycopg") or find_spec("psycopg2"),
        "PostgreSQL's programs in /usr/lib/postgresql": _PROGRAMS,
    }.items()
    if not there
]
pytestmark = [
    pytest.mark.skipif(bool(_MISSING), reason=f"missing: {', '.join(_MISSING)}"),
    pytest.mark.xdist_group("postgresql"),
]

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def _as_unprivileged(command: list[str]) -> None:
    """PostgreSQL refuses to run as root."""
    if getpass.getuser() == "root":
        command = ["runuser", "-u", "postgres", "--", *command]
    subprocess.run(command, check=True, timeout=60, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if getpass.getuser() == "root" and shutil.which("runuser") is None:
        pytest.skip("PostgreSQL refuses to run as root, and runuser is missing")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    directory = Path(tempfile.mkdtemp())
    if getpass.getuser() == "root":
        shutil.chown(directory, "postgres")
    programs, data = _PROGRAMS[-1].parent, directory / "data"
    try:
        _as_unprivileged([str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "recsys", "-N"])
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={directory} -c fsync=off"
        control = [str(programs / "pg_ctl"), "-D", str(data), "-w"]
        _as_unprivileged([*control, "-o", options, "-l", str(directory / "log"), "start"])
        try:
            yield f"postgresql://recsys@127.0.0.1:{port}"
        finally:
            _as_unprivileged([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest) -> str:
    """A database of the test's own."""
    name = f"t{abs(hash(request.node.name)) % 10**9}_{os.getpid()}"
    port = server.rsplit(":", 1)[1]
    createdb = str(_PROGRAMS[-1].with_name("createdb"))
    subprocess.run([createdb, "-h", "127.0.0.1", "-p", port, "-U", "recsys", name], check=True, timeout=60)
    return f"{server}/{name}"


def test_ratings_exposures_outcomes_and_export(
    url: str, rating: Callable[..., StoredEvent], exposure: Callable[..., StoredEvent], tmp_path: Path
) -> None:
    with EventStore.open(url) as store:
        store.append([exposure(1, "a", seconds=0), rating(1, 10, 3.0, seconds=1), rating(1, 10, 4.5, seconds=2)])
        store.append([exposure(2, "b"), exposure(2, "a", seconds=5), rating(2, 10, 1.0, seconds=7200)])

        assert [(e.user_id, e.rating) for e in store.latest_ratings()] == [(1, 4.5), (2, 1.0)]
        assert [e.rating for e in store.ratings_since(2)] == [4.5, 1.0]
        first, second = store.outcomes("blend", timedelta(hours=1))
        assert (first.arms, first.n_exposures, first.n_ratings, first.sum_of_ratings) == (("a",), 1, 2, 7.5)
        assert (second.arms, second.n_exposures, second.n_ratings, second.sum_of_ratings) == (("a", "b"), 2, 0, 0.0)
        assert export_ratings(store, tmp_path / "ratings.csv") == 2
    with EventStore.open(url, create=False) as again:
        assert again.last_event_id() == 6


def test_an_id_never_appears_after_a_higher_one(url: str, rating: Callable[..., StoredEvent]) -> None:
    """Whoever asks "since the last id I saw" must meet every rating, whatever order transactions commit in."""
    n_writers, n_each = 4, 40
    seen: list[int] = []
    with EventStore.open(url) as store:
        writing = [
            threading.Thread(target=lambda n=n: [store.append([rating(n, 1), rating(n, 2)]) for _ in range(n_each)])
            for n in range(1, n_writers + 1)
        ]
        for thread in writing:
            thread.start()
        give_up = time.monotonic() + 30
        while len(seen) < 2 * n_writers * n_each and time.monotonic() < give_up:
            seen += [event.event_id or 0 for event in store.ratings_since(seen[-1] if seen else 0)]
        for thread in writing:
            thread.join(30)

    assert len(seen) == 2 * n_writers * n_each
    assert seen == sorted(seen)


def test_tables_of_the_first_release_are_brought_up_to_date_with_their_rows(url: str) -> None:
    with EventStore.open(url) as store:
        store.append([StoredEvent(NOON, "rating", 1, 260, 4.5)])
        with store._engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE events DROP COLUMN user_text, DROP COLUMN movie_text")
            connection.exec_driver_sql("UPDATE event_store SET schema_version = 1")
    with EventStore.open(url) as store:
        store.append([StoredEvent(NOON, "rating", "a/b", "007", 3.0)])
        assert [(event.user_id, event.movie_id) for event in store.read()] == [(1, 260), ("a/b", "007")]


def test_another_version_and_a_wrong_database_are_named(url: str) -> None:
    with pytest.raises(EventStoreError, match="holds no events; it is empty or belongs to another program"):
        EventStore.open(url, create=False)
    with EventStore.open(url) as store, store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE event_store SET schema_version = 9")
    with pytest.raises(EventStoreError, match="has schema version 9, this release reads 2; update this program"):
        EventStore.open(url)
    with pytest.raises(EventStoreError, match=r"event store postgresql.*: "):
        EventStore.open(f"{url}_not_there")
