"""An experiment, a store, and people who behave as told."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from serving.events import EventStore, StoredEvent
from serving.experiments import Arm, Experiment

MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)

AddPerson = Callable[..., None]


@pytest.fixture
def monday() -> datetime:
    return MONDAY


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    with EventStore.open(tmp_path / "events.db") as opened:
        yield opened


@pytest.fixture
def experiment() -> Experiment:
    arms = (Arm(name="old", model="champion", share=0.5), Arm(name="new", model="challenger", share=0.5))
    return Experiment(name="blend", arms=arms, control="old")


@pytest.fixture
def add(store: EventStore) -> AddPerson:
    """Write one person: exposed ``at`` hours after Monday, then shown, clicking and rating a minute later."""

    def write(
        user_id: int,
        arm: str | None,
        *,
        shown: int = 0,
        clicks: int = 0,
        ratings: tuple[float, ...] = (),
        at: float = 0,
        later: float = 1 / 60,
        name: str = "blend",
    ) -> None:
        first = MONDAY + timedelta(hours=at)
        then = first + timedelta(hours=later)
        events = [StoredEvent(first, "exposure", user_id, experiment=name, arm=arm)] if arm else []
        events += [StoredEvent(then, "impression", user_id, number + 1) for number in range(shown)]
        events += [StoredEvent(then, "click", user_id, number + 1) for number in range(clicks)]
        events += [StoredEvent(then, "rating", user_id, n + 1, stars) for n, stars in enumerate(ratings)]
        store.append(events)

    return write
