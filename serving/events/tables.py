"""The store's tables."""

from typing import Any

import sqlalchemy as sa

from recsys_core.dataset.ids import Id, number_of
from serving.events.event import StoredEvent, microseconds, moment

__all__ = [
    "SCHEMA_VERSION",
    "columns",
    "event_of",
    "events",
    "metadata",
    "number_in_table",
    "row_of",
    "upgrade",
    "versions",
]

SCHEMA_VERSION = 2

metadata = sa.MetaData()

versions = sa.Table("event_store", metadata, sa.Column("schema_version", sa.Integer, nullable=False))

events = sa.Table(
    "events",
    metadata,
    # AUTOINCREMENT: an id is never given twice, so "all since id" misses nothing.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("time", sa.BigInteger, nullable=False, comment="microseconds since 1970, UTC"),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("user_id", sa.BigInteger, nullable=False),
    sa.Column("movie_id", sa.BigInteger),
    sa.Column("rating", sa.Float(53)),
    sa.Column("rank", sa.Integer),
    sa.Column("experiment", sa.Text),
    sa.Column("arm", sa.Text),
    sa.Column("model_version", sa.Text),
    sa.Column("request_id", sa.Text),
    # Since version 2. Of text ids, user_id and movie_id are the numbers: they are what is compared and indexed.
    sa.Column("user_text", sa.Text),
    sa.Column("movie_text", sa.Text),
    sqlite_autoincrement=True,
)

_is_rating = events.c.kind == "rating"
_is_exposure = events.c.kind == "exposure"
# Partial: an impression, the most frequent event, is written to one index only.
sa.Index("events_by_user", events.c.user_id, events.c.time)
sa.Index("ratings_by_id", events.c.id, sqlite_where=_is_rating, postgresql_where=_is_rating)
sa.Index(
    "ratings_by_movie",
    events.c.user_id,
    events.c.movie_id,
    events.c.id,
    sqlite_where=_is_rating,
    postgresql_where=_is_rating,
)
sa.Index(
    "exposures_by_experiment",
    events.c.experiment,
    events.c.user_id,
    events.c.time,
    events.c.arm,
    sqlite_where=_is_exposure,
    postgresql_where=_is_exposure,
)

columns = tuple(events.c)
_FIELDS = ("event_id", *(column.name for column in columns[1:]))


def number_in_table(name: Id) -> int:
    """What stands for an id in the columns ``user_id`` and ``movie_id``."""
    return number_of(name) if isinstance(name, str) else name


def upgrade(connection: sa.Connection, found: int) -> None:
    """Bring the tables of an older release up to this one; every row stays as it is."""
    there = {column["name"] for column in sa.inspect(connection).get_columns(events.name)}
    for name in {1: ("user_text", "movie_text")}.get(found, ()):
        if name not in there:  # another process may have been first
            connection.execute(sa.text(f"ALTER TABLE {events.name} ADD COLUMN {name} TEXT"))
    connection.execute(versions.update().values(schema_version=SCHEMA_VERSION))


def row_of(event: StoredEvent) -> dict[str, Any]:
    """What is written for ``event``; its ``event_id`` is the store's to give."""
    return {
        "time": microseconds(event.time),
        "kind": event.kind,
        "user_id": number_in_table(event.user_id),
        "movie_id": None if event.movie_id is None else number_in_table(event.movie_id),
        "rating": event.rating,
        "rank": event.rank,
        "experiment": _storable(event.experiment),
        "arm": _storable(event.arm),
        "model_version": _storable(event.model_version),
        "request_id": _storable(event.request_id),
        "user_text": event.user_id if isinstance(event.user_id, str) else None,
        "movie_text": event.movie_id if isinstance(event.movie_id, str) else None,
    }


def _storable(text: str | None) -> str | None:
    """Callers may send any text; what a database cannot hold (NUL, half a surrogate pair) becomes a question mark."""
    return None if text is None else text.replace("\0", "?").encode("utf-8", "replace").decode()


def event_of(row: Any) -> StoredEvent:
    """The event in a row of all ``columns``."""
    values = dict(zip(_FIELDS, row, strict=True))
    for name in ("user", "movie"):
        text = values.pop(f"{name}_text")
        if text is not None:
            values[f"{name}_id"] = text
    return StoredEvent(**{**values, "time": moment(values["time"])})
