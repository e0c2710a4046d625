"""A home that was moved, renamed or copied: its MLflow database follows.

MLflow keeps absolute addresses of artifacts. Left alone, a copied home would write into the original, and a moved one
could not read its models. Standard library only: planning a command looks here, and MLflow takes seconds to import.
"""

import logging
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from recsys_core.errors import RegistryError
from recsys_core.faults import holder, is_locked
from registry.addresses import local_path, moved_address

__all__ = ["ARTIFACTS", "DATABASE", "is_moved", "mend_addresses", "opened", "unusable"]

ARTIFACTS = Path("mlflow", "artifacts")  # below a home
DATABASE = Path("mlflow", "mlflow.db")
_BUSY_SECONDS = 5.0
# Every column of MLflow 3 that holds an address of artifacts. Where data sets were read from is history: it stays.
_COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("trace_tags", "value"),  # under the key mlflow.artifactLocation, among tags that hold no addresses
)


def opened(database: Path) -> "closing[sqlite3.Connection]":
    """A connection to a database that is there; it never makes one, and a write-protected file can be read.

    Not opened as read-only: what a killed process left half written could then not be taken back.
    """
    return closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True, timeout=_BUSY_SECONDS))


def is_moved(home: Path, *, kept: Collection[str] = ()) -> bool:
    """Whether the database in ``home`` has addresses of another home; see :func:`mend_addresses`. About 1 ms."""
    database = home / DATABASE
    if not database.exists():
        return False
    try:
        with opened(database) as connection:
            return bool(_old_homes(connection, home, kept))
    except sqlite3.Error as error:
        raise unusable(database, error) from error


def mend_addresses(home: Path, *, kept: Collection[str] = ()) -> int:
    """Let the addresses in the database of ``home`` follow it from where it was before; how many were changed.

    home  as MLflow is to address it (see :func:`registry.plain_path.plain_path`)
    kept  addresses of experiments that are meant to lie elsewhere

    All addresses in one transaction, so that a killed process changes none or all. What lies outside the old home
    stays as it is. The caller holds the store's lock. RegistryError when the database cannot be written.
    """
    database = home / DATABASE
    if not database.exists():
        return 0
    try:
        with opened(database) as connection:
            old_homes = _old_homes(connection, home, kept)
            if not old_homes:
                return 0
            with connection:  # commits at the end, or rolls back
                connection.execute("BEGIN IMMEDIATE")
                n_changed = sum(_follow(connection, old, home) for old in old_homes)
    except sqlite3.Error as error:
        raise unusable(database, error) from error
    logging.getLogger("recsys").warning(
        "the home %s was at %s before: %d addresses in its MLflow database follow it",
        _shown(home), ", ".join(map(_shown, old_homes)), n_changed,
    )  # fmt: skip
    return n_changed


def _old_homes(connection: sqlite3.Connection, home: Path, kept: Collection[str]) -> list[Path]:
    """Other homes that experiments keep their files in, the deepest first; none in a database that is not MLflow's."""
    if "artifact_location" not in _column_names(connection, "experiments"):
        return []
    query = "SELECT DISTINCT artifact_location FROM experiments WHERE artifact_location IS NOT NULL"
    found = set()
    for (address,) in connection.execute(query):
        old = None if address in kept else _home_of(local_path(str(address)))
        if old is not None and old != home and _was_here(old, home):
            found.add(old)
    return sorted(found, key=lambda old: len(old.parts), reverse=True)


def _home_of(location: Path | None) -> Path | None:
    """The home whose artifacts are at ``location``: below mlflow/artifacts, or where a server puts experiment 7."""
    if location is not None and location.name.isdecimal():
        location = location.parent
    return location.parents[1] if location is not None and location.parts[-2:] == ARTIFACTS.parts else None


def _was_here(old: Path, home: Path) -> bool:
    """Whether ``home`` is ``old``, moved or copied: not another name for it, nor a folder that many stores share."""
    try:
        if (old / ARTIFACTS.parent).samefile(home / ARTIFACTS.parent):
            return False
        return not (old / ARTIFACTS).exists() or (old / DATABASE).exists() or (home / ARTIFACTS).exists()
    except OSError:  # the old one is gone, or is somebody else's
        return True


def _follow(connection: sqlite3.Connection, old: Path, new: Path) -> int:
    n_changed = 0
    for table, column in _COLUMNS:
        if column not in _column_names(connection, table):
            continue
        only = " AND key = 'mlflow.artifactLocation'" if table == "trace_tags" else ""
        rows = connection.execute(f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL{only}").fetchall()
        changes = [(address, row) for row, known in rows if (address := moved_address(str(known), old, new))]
        connection.executemany(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", changes)
        n_changed += len(changes)
    return n_changed


def _column_names(connection: sqlite3.Connection, table: str) -> set[str]:
    """Empty when there is no such table."""
    return {str(name) for (name,) in connection.execute(f"SELECT name FROM pragma_table_info('{table}')")}


def _shown(home: Path) -> str:
    """What people call it: the folder behind a link, also when the folder is gone."""
    try:
        return str(home.readlink())
    except OSError:  # it is no link
        return str(home)


def unusable(database: Path, error: sqlite3.Error) -> RegistryError:
    """What to say of a database that SQLite cannot use."""
    if is_locked(error):
        return RegistryError(f"{database}: is locked by {holder(database)}; wait for it to end, or stop it")
    return RegistryError(
        f"{database}: cannot be used as the tracking database ({error}); expected a writable SQLite "
        "file; restore it from a copy, or move it away to begin with an empty one"
    )
