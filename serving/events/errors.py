"""What can go wrong with the event store, in words."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from recsys_core.errors import StorageError

__all__ = ["EventStoreError", "translated"]

_WHY = (
    ("is locked", "another process keeps it locked; try again, or stop that process"),
    ("disk is full", "the disk is full; make room and send the events again"),
    ("no space left", "the disk is full; make room and send the events again"),
    ("disk i/o error", "the disk reports an error; check its space and health"),
    ("readonly", "it may not be written to; check the permissions of the file and its folder"),
    ("read-only", "it may not be written to; check the permissions of the file and its folder"),
    ("unable to open", "it cannot be opened; check that its folder is there and may be written to"),
    ("not a database", "this is not an SQLite file, or it is damaged; move it away or give another address"),
    ("malformed", "the file is damaged; move it away and restore a copy"),
    ("no such table", "tables are missing; it is damaged or belongs to another program"),
    ("no such column", "columns are missing; it is damaged or belongs to another program"),
    ("does not exist", "it lacks something that a store has; it is damaged or belongs to another program"),
    ("password authentication", "user or password are wrong"),
    ("connection", "the database cannot be reached; check the address and that it is running"),
)


class EventStoreError(StorageError):
    """Events that cannot be written or read: a full disk, a lock, a damaged or foreign file, another version."""


@contextmanager
def translated(address: str) -> Iterator[None]:
    """Turn a database error in the block into one :class:`EventStoreError` that names the store and what to do."""
    try:
        yield
    except (exc.SQLAlchemyError, ModuleNotFoundError) as error:
        raise EventStoreError(f"event store {address}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"the driver {error.name!r} is not installed; pip install 'psycopg[binary]' for PostgreSQL"
    if isinstance(error, exc.NoSuchModuleError):
        return "no such kind of database; expected a path, sqlite:///… or postgresql://…"
    first_line = next(iter(str(getattr(error, "orig", None) or error).splitlines()), type(error).__name__)
    why = next((words for sign, words in _WHY if sign in str(error).lower()), None)
    return f"{why} ({first_line})" if why else first_line
