"""Stores that cannot be used: one message that says what and where, and what to do."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recsys_core.errors import RecsysError, StorageError
from serving.events import EventStore, EventStoreError, StoredEvent, engine

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def message(address: str | Path, *, create: bool = True) -> str:
    with pytest.raises(EventStoreError) as caught:
        EventStore.open(address, create=create)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_its_error_is_the_users_to_mend() -> None:
    assert issubclass(EventStoreError, StorageError)
    assert issubclass(EventStoreError, RecsysError)


def test_reading_does_not_make_a_store(tmp_path: Path) -> None:
    file = tmp_path / "events.db"

    assert f"{file}: there is no such file; the server makes it at the first event" in message(file, create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("version", "advice"), [(0, "the release that wrote it"), (3, "update this program")])
def test_another_schema_version_is_named_with_what_to_do(tmp_path: Path, version: int, advice: str) -> None:
    file = tmp_path / "events.db"
    EventStore.open(file).close()
    change(file, f"UPDATE event_store SET schema_version = {version}")

    assert f"{file}: has schema version {version}, this release reads 2; " in message(file)
    assert advice in message(file)


def test_a_store_of_the_first_release_is_brought_up_to_date_with_its_rows(tmp_path: Path) -> None:
    file = tmp_path / "events.db"
    with EventStore.open(file) as store:
        store.append([StoredEvent(NOON, "rating", 1, 260, 4.5), StoredEvent(NOON, "click", -7, 0)])
        before = list(store.read())
    for column in ("user_text", "movie_text"):
        change(file, f"ALTER TABLE events DROP COLUMN {column}")
    change(file, "UPDATE event_store SET schema_version = 1")

    with EventStore.open(file, create=False) as store:
        assert list(store.read()) == before
        store.append([StoredEvent(NOON, "rating", "a/b", "007", 3.0)])
        assert [(event.user_id, event.movie_id) for event in store.read()] == [(1, 260), (-7, 0), ("a/b", "007")]
        assert [event.rating for event in store.ratings_of("a/b")] == [3.0]


def test_a_file_of_another_kind_is_not_taken_for_a_store(tmp_path: Path) -> None:
    file = tmp_path / "events.db"
    file.write_text("userId,movieId,rating,timestamp\n" * 500)

    assert f"{file}: this is not an SQLite file, or it is damaged" in message(file)
    assert file.read_text().startswith("userId")


def test_the_database_of_another_program_is_not_read_as_a_store(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    change(file, "CREATE TABLE runs (id INTEGER)")

    assert "holds no events; it is empty or belongs to another program" in message(file, create=False)


def test_damage_in_the_middle_is_found_when_it_is_read(tmp_path: Path, rating: Callable[..., StoredEvent]) -> None:
    file = tmp_path / "events.db"
    with EventStore.open(file) as store:
        store.append([rating(movie_id=number) for number in range(1, 3000)])
    change(file, "PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(file.read_bytes())
    content[8192 : len(content) - 4096] = b"\xa5" * (len(content) - 12288)
    file.write_bytes(content)

    with EventStore.open(file) as store, pytest.raises(EventStoreError, match=f"{file}: the file is damaged"):
        list(store.read())


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "serving").write_text("a file")

    assert "serving/events.db: its folder cannot be made" in message(tmp_path / "serving" / "events.db")


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    assert f"{tmp_path}: it cannot be opened" in message(tmp_path)


def test_a_lock_that_is_never_released(
    tmp_path: Path, rating: Callable[..., StoredEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    file = tmp_path / "events.db"
    with EventStore.open(file) as store:
        blocking = sqlite3.connect(file, isolation_level=None)
        blocking.execute("BEGIN IMMEDIATE")
        with pytest.raises(EventStoreError, match="another process keeps it locked"):
            store.append([rating()])
        assert list(store.read()) == [], "readers are let in"
        blocking.execute("ROLLBACK")
        blocking.close()

        store.append([rating()])
        assert store.last_event_id() == 1


def test_a_full_disk_loses_no_earlier_event(tmp_path: Path, rating: Callable[..., StoredEvent]) -> None:
    with EventStore.open(tmp_path / "events.db") as store:
        store.append([rating()])
        with store._engine.connect() as connection:  # the pool hands the same connection out again
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        with pytest.raises(EventStoreError, match="the disk is full; make room"):
            store.append([rating(movie_id=number) for number in range(1, 5000)])
        assert store.last_event_id() == 1


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mysql://h/db", "expected a path, sqlite:///PATH or postgresql://"),
        ("sqlite://", "names no file"),
        ("nosuch+driver://x", "expected a path, sqlite:///PATH or postgresql://"),
        ("postgresql://anna:secret@127.0.0.1:1/db", "event store postgresql"),
    ],
)
def test_addresses_that_lead_nowhere(address: str, words: str) -> None:
    found = message(address)

    assert words in found
    assert "secret" not in found


def change(file: Path, statement: str) -> None:
    connection = sqlite3.connect(file)
    connection.execute(statement)
    connection.commit()
    connection.close()
