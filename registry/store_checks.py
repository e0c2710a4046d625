"""Quick looks at a store before MLflow opens it, which would try again for minutes."""

import sqlite3
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

from recsys_core.errors import RegistryError
from registry.addresses import without_credentials
from registry.moved_home import unusable

__all__ = ["check_database", "check_server"]

_ANSWER_SECONDS = 10.0


def check_database(database: Path) -> None:
    """RegistryError unless ``database`` is an SQLite file, or can become one; an empty one is made."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise unusable(database, error) from error


def check_server(address: str) -> None:
    """RegistryError unless something answers at ``address``; any answer at all is a server."""
    try:
        with urllib.request.urlopen(f"{address.rstrip('/')}/health", timeout=_ANSWER_SECONDS):
            pass
    except urllib.error.HTTPError as answered:
        answered.close()
    except OSError as error:
        raise RegistryError(
            f"the MLflow server {without_credentials(address)} does not answer ({error}); start it, or mend its address"
        ) from error
