"""Quick looks at a store before MLflow opens it, which would say less."""

import base64
import os
import sqlite3
import urllib.error
import urllib.request
from contextlib import closing
from http.client import HTTPException
from pathlib import Path

from recsys_core.errors import RegistryError
from registry.addresses import without_credentials
from registry.mlflow_library import one_line
from registry.moved_home import opened, unusable

__all__ = ["check_database", "check_server", "has_open_run"]

_ANSWER_SECONDS = 10.0
_REFUSED = {401, 403}


def check_database(database: Path) -> None:
    """RegistryError unless ``database`` is an SQLite file, or can become one; an empty one is made."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise unusable(database, error) from error


def has_open_run(database: Path, tag: str, value: str) -> bool:
    """Whether a run with this tag goes on: asked by SQL, for MLflow takes seconds to import.

    False where there is no database; RegistryError for one that is damaged or locked.
    """
    if not database.exists():
        return False
    try:
        with opened(database) as connection:
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'runs'").fetchone() is None:
                return False
            query = "SELECT 1 FROM tags JOIN runs USING (run_uuid) WHERE key = ? AND value = ? AND status = 'RUNNING'"
            return connection.execute(query, (tag, value)).fetchone() is not None
    except sqlite3.Error as error:
        raise unusable(database, error) from error


def check_server(address: str) -> None:
    """RegistryError unless a server that may be MLflow's answers at ``address`` and lets us in."""
    server = f"the MLflow server {without_credentials(address)}"
    request = urllib.request.Request(f"{address.rstrip('/')}/health", headers=_authorization())
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:
            is_mlflow = answer.read(100).strip() == b"OK"
    except urllib.error.HTTPError as answered:
        answered.close()
        if answered.code in _REFUSED:
            raise RegistryError(
                f"{server} asks for another user and password ({answered.code}); give them in "
                "MLFLOW_TRACKING_URI (http://USER:PASSWORD@HOST)"
            ) from None
        if answered.code >= 500:
            raise RegistryError(f"{server} answers with error {answered.code}; look at its log") from answered
    except (OSError, HTTPException, ValueError) as error:
        raise RegistryError(f"{server} does not answer ({one_line(error)}); start it, or mend its address") from error
    else:
        if not is_mlflow:
            raise RegistryError(f"{server} answers as no MLflow server does; mend its address")


def _authorization() -> dict[str, str]:
    """As MLflow's client sends it."""
    if user := os.environ.get("MLFLOW_TRACKING_USERNAME"):
        told = f"{user}:{os.environ.get('MLFLOW_TRACKING_PASSWORD', '')}"
        return {"Authorization": f"Basic {base64.b64encode(told.encode()).decode()}"}
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    return {"Authorization": f"Bearer {token}"} if token else {}
