"""Ratings: since an id, the latest of each person and movie, and over page borders."""

from collections.abc import Callable

import pytest

from serving.events import EventStore, StoredEvent
from serving.events import store as store_module


def test_a_second_process_sees_what_the_first_wrote_since_it_last_asked(
    store: EventStore, rating: Callable[..., StoredEvent], exposure: Callable[..., StoredEvent]
) -> None:
    store.append([rating(movie_id=1)])
    seen = store.last_event_id()
    with EventStore.open(store.address) as other:
        other.append([exposure(), rating(movie_id=2), rating(movie_id=3)])

    later = list(store.ratings_since(seen))

    assert [event.movie_id for event in later] == [2, 3]
    assert [event.event_id for event in later] == [seen + 2, seen + 3]
    assert list(store.ratings_since(store.last_event_id())) == []


def test_an_empty_store_has_no_last_event(store: EventStore) -> None:
    assert store.last_event_id() == 0
    assert list(store.ratings_since(0)) == list(store.latest_ratings()) == store.ratings_of(1) == []


def test_of_several_ratings_the_one_written_last_counts_whatever_its_clock_says(
    store: EventStore, rating: Callable[..., StoredEvent]
) -> None:
    store.append([rating(2, 10, 1.0, seconds=5), rating(1, 20, 2.0), rating(1, 10, 3.0)])
    store.append([rating(2, 10, 5.0, seconds=0)])

    assert [(e.user_id, e.movie_id, e.rating) for e in store.latest_ratings()] == [
        (1, 10, 3.0),
        (1, 20, 2.0),
        (2, 10, 5.0),
    ]
    assert [(e.movie_id, e.rating) for e in store.ratings_of(1)] == [(10, 3.0), (20, 2.0)]
    assert store.ratings_of(3) == []


@pytest.mark.parametrize("n_events", [6, 7, 8])
def test_pages_neither_lose_nor_repeat_an_event(
    store: EventStore, rating: Callable[..., StoredEvent], monkeypatch: pytest.MonkeyPatch, n_events: int
) -> None:
    monkeypatch.setattr(store_module, "PAGE", 7 // 2)
    store.append([rating(movie_id=number) for number in range(1, n_events + 1)])

    for found in (store.ratings_since(0), store.latest_ratings(), store.read()):
        assert [event.movie_id for event in found] == list(range(1, n_events + 1))


def test_a_reader_in_the_middle_does_not_hold_up_a_writer(
    store: EventStore, rating: Callable[..., StoredEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "PAGE", 2)
    store.append([rating(movie_id=number) for number in range(1, 6)])

    pages, snapshot = store.ratings_since(0), store.latest_ratings()
    next(pages)
    next(snapshot)
    store.append([rating(movie_id=6)])

    assert [event.movie_id for event in pages] == [2, 3, 4, 5, 6]
    assert [event.movie_id for event in snapshot] == [2, 3, 4, 5], "one snapshot"
