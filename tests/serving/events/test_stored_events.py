"""What an event may be, and that the store gives back exactly what it took."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys_core.errors import ParameterError
from serving.events import EventStore, StoredEvent

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "view", "movie_id": 1}, "kind = 'view', expected one of impression, click, rating, exposure"),
        ({"kind": "click", "movie_id": -(2**63) - 1}, "movie_id = -9223372036854775809, expected a whole number of 64"),
        ({"kind": "click", "movie_id": 1, "user_id": 2**63}, "user_id = 9223372036854775808, expected a whole number"),
        ({"kind": "click"}, "movie_id = None with kind 'click'"),
        ({"kind": "exposure", "movie_id": 1, "experiment": "e", "arm": "a"}, "movie_id = 1 with kind 'exposure'"),
        ({"kind": "rating", "movie_id": 1}, "rating = None with kind 'rating'"),
        ({"kind": "rating", "movie_id": 1, "rating": float("nan")}, "rating = nan"),
        ({"kind": "click", "movie_id": 1, "rating": 4.0}, "rating = 4.0 with kind 'click'"),
        ({"kind": "exposure", "experiment": "e"}, "names its experiment and arm, found 'e', None"),
        ({"kind": "click", "movie_id": 1, "time": datetime(2026, 1, 1)}, "has no zone"),
    ],
)
def test_an_event_that_makes_no_sense_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        StoredEvent(**{"time": NOON, "user_id": 1, **fields})


_TEXTS = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)
_TIMES = st.datetimes(
    min_value=datetime(1970, 1, 1),
    max_value=datetime(2200, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))]),
)
_IDS = st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1)


@st.composite
def some_events(draw: st.DrawFn) -> StoredEvent:
    kind = draw(st.sampled_from(["impression", "click", "rating", "exposure"]))
    names = [draw(_TEXTS) for _ in range(4)]
    experiment, arm = ("e", "a") if kind == "exposure" else names[:2]
    return StoredEvent(
        draw(_TIMES),
        kind,  # type: ignore[arg-type]
        draw(_IDS),
        None if kind == "exposure" else draw(_IDS),
        draw(st.floats(0.5, 10)) if kind == "rating" else None,
        draw(st.none() | st.integers(1, 10_000)),
        experiment,
        arm,
        *names[2:],
    )


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(new=st.lists(some_events(), max_size=8))
def test_events_come_back_equal_and_in_the_order_of_writing(store: EventStore, new: list[StoredEvent]) -> None:
    before = store.last_event_id()

    store.append(new)

    found = [event for event in store.read() if (event.event_id or 0) > before]
    assert [_without_id(event) for event in found] == [_without_id(event) for event in new]
    assert [event.event_id for event in found] == list(range(before + 1, before + 1 + len(new)))


def _without_id(event: StoredEvent) -> tuple[Any, ...]:
    return tuple(getattr(event, name) for name in StoredEvent.__slots__ if name != "event_id")


def test_reading_may_be_limited_to_kinds_and_to_one_experiment(
    store: EventStore, rating: Callable[..., StoredEvent], exposure: Callable[..., StoredEvent]
) -> None:
    other = StoredEvent(NOON, "exposure", 1, experiment="other", arm="a")
    store.append([rating(), exposure(), other])

    assert [event.kind for event in store.read(kinds=["rating"])] == ["rating"]
    assert [event.experiment for event in store.read(kinds=["exposure"])] == ["blend", "other"]
    assert [event.experiment for event in store.read(experiment="other")] == ["other"]


def test_text_that_no_database_can_hold_costs_its_odd_characters_only(store: EventStore) -> None:
    store.append([StoredEvent(NOON, "click", 1, 2, arm="a\0b\ud800c", request_id="é\U0001f3ac")])

    (found,) = store.read()
    assert (found.arm, found.request_id) == ("a?b?c", "é\U0001f3ac")
