"""Databases opened as the store needs them: SQLite for one machine, PostgreSQL for several."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, make_url

from serving.events.errors import EventStoreError, translated
from serving.events.tables import SCHEMA_VERSION, metadata, upgrade, versions

__all__ = ["address_of", "make_engine", "one_writer", "prepare"]

BUSY_SECONDS = 5.0
"""How long a writer waits for another one before it gives up."""
_ADVISORY_LOCK = 7_161_404
_HAS_SCHEME = re.compile(r"^[a-z][a-z0-9+]*://")


def address_of(url_or_path: str | Path) -> URL:
    """A URL from a URL or a path. postgres:// and postgresql:// mean psycopg, or psycopg2 if only that is installed."""
    text = str(url_or_path)
    if not _HAS_SCHEME.match(text):
        return URL.create("sqlite", database=str(Path(text).expanduser().resolve()))
    with translated(re.sub(r"//[^@/]*@", "//***@", text)):
        url = make_url(text)
    if url.drivername in {"postgres", "postgresql"}:
        only_old = find_spec("psycopg") is None and find_spec("psycopg2") is not None
        url = url.set(drivername="postgresql+psycopg2" if only_old else "postgresql+psycopg")
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise EventStoreError(
            f"event store {url.render_as_string()}: expected a path, sqlite:///PATH or postgresql://…, "
            f"found {url.get_backend_name()}"
        )
    if url.get_backend_name() == "sqlite" and not url.database:
        raise EventStoreError(f"event store {text}: names no file; expected sqlite:///PATH")
    return url


def make_engine(url: URL, *, create: bool) -> sa.Engine:
    """An engine with the store's settings; for SQLite, the file's folder is made if ``create``."""
    if url.get_backend_name() == "postgresql":
        with translated(url.render_as_string()):
            # pre_ping: a connection that died while idle is replaced, not handed out
            return sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 5})
    file = Path(str(url.database))
    if create:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EventStoreError(f"event store {file}: its folder cannot be made ({error.strerror})") from error
    elif not file.is_file():
        raise EventStoreError(f"event store {file}: there is no such file; the server makes it at the first event")
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    sa.event.listen(engine, "connect", _configure_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: Any) -> None:
    """WAL: readers never wait for the writer. synchronous=FULL: what was committed survives a power cut.

    NORMAL would lose the last commits then, and a rating that was answered with "accepted" is not to be lost.
    Frequent events (exposures) are written many in one transaction, so the extra flush costs them next to nothing.
    """
    connection.isolation_level = None  # transactions are begun below, not by the driver
    cursor = connection.cursor()
    try:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            cursor.execute(f"PRAGMA {pragma}")
    finally:
        cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes its lock at once: a transaction that begins by reading could not wait for it later."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def one_writer(connection: Connection) -> None:
    """Let one transaction write at a time until it ends, so that ids rise in the order of commits.

    Otherwise PostgreSQL could commit id 7 after id 8, and a reader that has seen 8 would never ask for 7.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))


def prepare(engine: sa.Engine, *, create: bool) -> None:
    """Make the tables if they are not there and ``create`` is set; bring those of an older release up to date."""
    address = engine.url.render_as_string()
    with translated(address):
        found = _stored_version(engine)
        if found is None and create:
            with engine.connect().execution_options(writes=True) as connection, connection.begin():
                one_writer(connection)
                if not sa.inspect(connection).has_table(versions.name):  # another process may have been first
                    metadata.create_all(connection)
                    connection.execute(versions.insert().values(schema_version=SCHEMA_VERSION))
            found = _stored_version(engine)
        if found is not None and 0 < found < SCHEMA_VERSION:
            with engine.connect().execution_options(writes=True) as connection, connection.begin():
                one_writer(connection)
                upgrade(connection, found)
            found = SCHEMA_VERSION
    if found is None:
        raise EventStoreError(f"event store {address}: holds no events; it is empty or belongs to another program")
    if found != SCHEMA_VERSION:
        advice = "update this program" if found > SCHEMA_VERSION else "move it away, or use the release that wrote it"
        raise EventStoreError(
            f"event store {address}: has schema version {found}, this release reads {SCHEMA_VERSION}; {advice}"
        )


def _stored_version(engine: sa.Engine) -> int | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(versions.name):
            return None
        return connection.execute(sa.select(sa.func.max(versions.c.schema_version))).scalar()
