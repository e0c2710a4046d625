"""The event store: written durably, read in pages, shared by threads and processes."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from recsys_core.dataset.ids import Id
from serving.events.engine import address_of, make_engine, one_writer, prepare
from serving.events.errors import translated
from serving.events.event import Kind, StoredEvent
from serving.events.outcomes import PersonOutcomes, outcomes_query, person_of
from serving.events.tables import columns, event_of, events, number_in_table, row_of

__all__ = ["EventStore", "event_store_path"]

PAGE = 5_000
"""Rows that one read holds in memory."""


def event_store_path(home: Path) -> Path:
    """Where the events of a home are kept unless an address is given."""
    return home / "serving" / "events.db"


class EventStore:
    """Events in SQLite or PostgreSQL. Safe for threads; several processes may share one store.

    Every method raises EventStoreError when the database cannot be used.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self.address = engine.url.render_as_string()
        """Where the events are; a password is not shown."""

    @classmethod
    def open(cls, url_or_path: str | Path, *, create: bool = True) -> Self:
        """Open, and unless ``create`` is off make, the store at a path, sqlite:///PATH or postgresql://…."""
        url = address_of(url_or_path)
        engine = make_engine(url, create=create)
        try:
            prepare(engine, create=create)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    def append(self, new: Sequence[StoredEvent]) -> None:
        """Write all of ``new`` or none; they survive a power cut once this returns."""
        if not new:
            return
        rows = [row_of(event) for event in new]
        with (
            translated(self.address),
            self._engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            one_writer(connection)
            connection.execute(events.insert(), rows)

    def last_event_id(self) -> int:
        """The id of the newest event, 0 if there is none."""
        with translated(self.address), self._engine.connect() as connection:
            return connection.execute(sa.select(sa.func.max(events.c.id))).scalar() or 0

    def ratings_since(self, event_id: int) -> Iterator[StoredEvent]:
        """Ratings with an id above ``event_id``, in the order of writing. Later ids are never written earlier."""
        return self._pages(sa.select(*columns).where(events.c.kind == "rating"), after=event_id)

    def latest_ratings(self) -> Iterator[StoredEvent]:
        """For each person and movie the rating written last, by user_id and movie_id."""
        return self._rows(_latest().order_by(events.c.user_id, events.c.movie_id))

    def ratings_of(self, user_id: Id) -> list[StoredEvent]:
        """One person's ratings, for each movie the one written last, by movie_id."""
        return list(self._rows(_latest(number_in_table(user_id)).order_by(events.c.movie_id)))

    def read(self, *, kinds: Sequence[Kind] = (), experiment: str | None = None) -> Iterator[StoredEvent]:
        """All events, or those of some ``kinds`` or of one ``experiment``, in the order of writing."""
        query = sa.select(*columns)
        if kinds:
            query = query.where(events.c.kind.in_(kinds))
        if experiment is not None:
            query = query.where(events.c.experiment == experiment)
        return self._pages(query, after=0)

    def outcomes(
        self,
        experiment: str,
        window: timedelta,
        *,
        starts: datetime | None = None,
        ends: datetime | None = None,
    ) -> Iterator[PersonOutcomes]:
        """What each person did within ``window`` after the first exposure to ``experiment``, by user_id.

        Only exposures from ``starts`` until before ``ends`` make somebody part of the experiment.
        """
        for row in self._stream(outcomes_query(experiment, window, starts=starts, ends=ends)):
            yield person_of(row)

    def close(self) -> None:
        """Give the connections back. Closing twice is allowed."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _pages(self, query: sa.Select[Any], *, after: int) -> Iterator[StoredEvent]:
        """Each page is a read of its own, so a slow reader holds nothing open."""
        while True:
            page = query.where(events.c.id > after).order_by(events.c.id).limit(PAGE)
            with translated(self.address), self._engine.connect() as connection:
                rows = connection.execute(page).all()
            for row in rows:
                yield event_of(row)
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def _rows(self, query: sa.Select[Any]) -> Iterator[StoredEvent]:
        for row in self._stream(query):
            yield event_of(row)

    def _stream(self, query: sa.Select[Any]) -> Iterator[Any]:
        """One snapshot, fetched page by page."""
        with translated(self.address), self._engine.connect() as connection:
            yield from connection.execution_options(stream_results=True, yield_per=PAGE).execute(query)


def _latest(user_id: int | None = None) -> sa.Select[Any]:
    newest = sa.select(sa.func.max(events.c.id)).where(events.c.kind == "rating")
    if user_id is not None:
        newest = newest.where(events.c.user_id == user_id)
    return sa.select(*columns).where(events.c.id.in_(newest.group_by(events.c.user_id, events.c.movie_id)))
