"""Background writing: an answer never waits, nothing is lost unsaid, closing flushes."""

import threading
from collections.abc import Callable, Sequence

import pytest
from structlog.testing import capture_logs

from serving.events import EventStore, EventStoreError, Recorder, StoredEvent


class Stuck:
    """A store that takes what it is given only after it was let go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.began = threading.Event()
        self.batches: list[int] = []

    def append(self, new: Sequence[StoredEvent]) -> None:
        self.began.set()
        self.go_on.wait(10)
        self.batches.append(len(new))


class Refusing:
    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error
        self.n_taken = 0

    def append(self, new: Sequence[StoredEvent]) -> None:
        if self.error:
            raise self.error
        self.n_taken += len(new)


def test_closing_writes_all_that_waits(store: EventStore, exposure: Callable[..., StoredEvent]) -> None:
    with Recorder(store, batch=7) as recorder:
        assert all(recorder.record(exposure(user_id)) for user_id in range(1, 101))

    assert [event.user_id for event in store.read()] == list(range(1, 101))
    assert (recorder.n_written, recorder.n_dropped, recorder.n_failed, recorder.n_waiting) == (100, 0, 0, 0)


def test_flush_waits_for_what_was_recorded(store: EventStore, exposure: Callable[..., StoredEvent]) -> None:
    with Recorder(store) as recorder:
        recorder.record(exposure())
        recorder.flush()
        assert store.last_event_id() == 1


def test_a_stuck_store_costs_events_that_are_counted_and_never_waits(
    exposure: Callable[..., StoredEvent],
) -> None:
    stuck = Stuck()
    recorder = Recorder(stuck, capacity=5, batch=3)  # type: ignore[arg-type]
    recorder.record(exposure())
    assert stuck.began.wait(10)

    taken = [recorder.record(exposure()) for _ in range(8)]

    assert taken == [True] * 5 + [False] * 3
    assert (recorder.n_dropped, recorder.n_waiting) == (3, 5)
    stuck.go_on.set()
    recorder.close()
    assert sum(stuck.batches) == recorder.n_written == 6
    assert max(stuck.batches) <= 3


def test_closing_gives_up_on_a_store_that_stays_stuck(
    exposure: Callable[..., StoredEvent],
) -> None:
    stuck = Stuck()
    recorder = Recorder(stuck, capacity=1)  # type: ignore[arg-type]
    recorder.record(exposure())
    assert stuck.began.wait(10)
    recorder.record(exposure())

    with capture_logs() as said:
        recorder.close(timeout=0.05)

    assert (said[0]["event"], said[0]["n_events"], said[0]["reason"]) == ("events given up", 1, "the store is stuck")
    stuck.go_on.set()


@pytest.mark.parametrize("error", [EventStoreError("the disk is full"), ValueError("a fault of ours")])
def test_a_batch_that_is_refused_is_counted_and_the_next_is_written(
    exposure: Callable[..., StoredEvent], error: Exception
) -> None:
    refusing = Refusing(error)
    with capture_logs() as said, Recorder(refusing) as recorder:  # type: ignore[arg-type]
        recorder.record(exposure())
        recorder.flush()
        refusing.error = None
        recorder.record(exposure())

    assert (recorder.n_failed, recorder.n_written, refusing.n_taken) == (1, 1, 1)
    assert [(line["event"], line["n_events"]) for line in said] == [("events lost", 1)]


def test_after_closing_events_are_dropped_and_closing_again_is_allowed(
    store: EventStore, exposure: Callable[..., StoredEvent]
) -> None:
    recorder = Recorder(store)
    recorder.close()
    recorder.close()

    assert recorder.record(exposure()) is False
    assert recorder.n_dropped == 1
    assert store.last_event_id() == 0


def test_many_threads_may_record(store: EventStore, exposure: Callable[..., StoredEvent]) -> None:
    with Recorder(store, capacity=100_000) as recorder:
        threads = [
            threading.Thread(target=lambda user_id=n: [recorder.record(exposure(user_id)) for _ in range(200)])
            for n in range(1, 5)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    assert recorder.n_written == store.last_event_id() == 800
