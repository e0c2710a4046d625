"""What was accepted is there: after a kill, from many threads, and in settings that survive a power cut."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from serving.events import EventStore, EventStoreError, StoredEvent

_APPEND_AND_DIE = """
import os, sys
from datetime import UTC, datetime
from serving.events import EventStore, StoredEvent
store = EventStore.open(sys.argv[1])
store.append([StoredEvent(datetime.now(UTC), "rating", 7, 260, 5.0)])
os.kill(os.getpid(), 9)
"""


def test_a_rating_survives_a_process_that_is_killed_right_after(tmp_path: Path) -> None:
    file = tmp_path / "events.db"

    ended = subprocess.run([sys.executable, "-c", _APPEND_AND_DIE, str(file)], check=False, timeout=60)

    assert ended.returncode == -9
    with EventStore.open(file) as store:
        assert [(e.user_id, e.movie_id, e.rating) for e in store.latest_ratings()] == [(7, 260, 5.0)]


def test_sqlite_flushes_every_commit_and_lets_readers_in(store: EventStore) -> None:
    with store._engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 5000}


def test_of_events_that_cannot_all_be_written_none_is(store: EventStore, rating: Callable[..., StoredEvent]) -> None:
    with store._engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER no_user_3 BEFORE INSERT ON events WHEN NEW.user_id = 3 BEGIN SELECT RAISE(ABORT, 'x'); END"
        )
    with pytest.raises(EventStoreError):
        store.append([rating(1), rating(2), rating(3)])

    assert list(store.read()) == []


def test_threads_and_two_stores_write_side_by_side(store: EventStore, rating: Callable[..., StoredEvent]) -> None:
    with EventStore.open(store.address) as other:

        def write(to: EventStore, user_id: int) -> None:
            for movie_id in range(1, 11):
                to.append([rating(user_id, movie_id), rating(user_id, movie_id, 1.0)])

        threads = [threading.Thread(target=write, args=((store, other)[n % 2], n + 1)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    found = list(store.read())
    assert [event.event_id for event in found] == list(range(1, 121))
    assert len(list(store.latest_ratings())) == 60


def test_two_processes_may_make_the_store_at_once(tmp_path: Path) -> None:
    faults: list[Exception] = []

    def make() -> None:
        try:
            EventStore.open(tmp_path / "events.db").close()
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert faults == []
    with EventStore.open(tmp_path / "events.db") as store, store._engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM event_store")).scalar() == 1
