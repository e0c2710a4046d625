"""Ratings that people have given online, in memory; the events are their record."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from recsys_core.dataset.ids import Id
from serving.events import EventStore

__all__ = ["NOTHING", "Given", "GivenRatings"]


@dataclass(frozen=True, slots=True)
class Given:
    """One person's ratings by movie id, and the id of the event that brought the last one (0: there is none)."""

    ratings: Mapping[Id, float]
    revision: int


NOTHING = Given(MappingProxyType({}), 0)


class GivenRatings:
    """The last rating of each person and movie.

    :meth:`catch_up` takes over what was stored since, by this server or another one on the same store. Each person's
    entry is replaced in one step.
    """

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._by_user: dict[Id, Given] = {}
        self._last_id = 0
        self._lock = threading.Lock()

    def of(self, user_id: Id) -> Given:
        return self._by_user.get(user_id, NOTHING)

    @property
    def last_id(self) -> int:
        """Of the last event taken over: it has grown when there is something new."""
        return self._last_id

    def catch_up(self) -> int:
        """Read what is new in the store; the number of ratings taken over."""
        with self._lock:
            new: dict[Id, dict[Id, float]] = {}
            revisions: dict[Id, int] = {}
            n_taken = 0
            for event in self._store.ratings_since(self._last_id):
                if event.event_id is None or event.movie_id is None or event.rating is None:
                    continue  # no stored rating is like that; the types allow it
                new.setdefault(event.user_id, {})[event.movie_id] = event.rating
                revisions[event.user_id] = last_id = event.event_id
                n_taken += 1
            for user_id, ratings in new.items():
                merged = MappingProxyType({**self.of(user_id).ratings, **ratings})
                self._by_user[user_id] = Given(merged, revisions[user_id])
            if n_taken:
                self._last_id = last_id
            return n_taken
