"""Stores to write to, and events to write."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from serving.events import EventStore, StoredEvent

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    with EventStore.open(tmp_path / "serving" / "events.db") as opened:
        yield opened


@pytest.fixture
def rating() -> Callable[..., StoredEvent]:
    """A rating, by default at noon."""

    def make(user_id: int = 1, movie_id: int = 260, stars: float = 4.5, *, seconds: float = 0) -> StoredEvent:
        return StoredEvent(NOON + timedelta(seconds=seconds), "rating", user_id, movie_id, stars)

    return make


@pytest.fixture
def exposure() -> Callable[..., StoredEvent]:
    def make(user_id: int = 1, arm: str = "champion", *, seconds: float = 0) -> StoredEvent:
        time = NOON + timedelta(seconds=seconds)
        return StoredEvent(time, "exposure", user_id, experiment="blend", arm=arm, model_version="3", request_id="r")

    return make
