"""The embedded store, looked at without MLflow: its database by SQL, its artifacts on disk."""

import sqlite3

from recsys_core.errors import RegistryError
from recsys_core.faults import is_locked
from registry.interface import BUNDLE_FOLDER, EVALUATION_FINGERPRINT, EVALUATION_MODEL, EVALUATION_RUN, MODEL_NAME
from registry.moved_home import opened, unusable
from registry.stored_folder import damage_mark
from registry.tracking import Tracking
from registry.versions import CHAMPION

__all__ = ["ObservedDatabase"]


class ObservedDatabase:
    """Answers what :class:`registry.observing.Store` asks; reads only, once the home was mended."""

    def __init__(self, tracking: Tracking) -> None:
        self._tracking = tracking
        self._database = tracking.database
        try:
            tracking.mend()
        except OSError as error:
            raise RegistryError(
                f"{tracking.home}: its MLflow database has addresses of another home and cannot be mended ({error}); "
                "give yourself the right to write there"
            ) from error

    def champion(self) -> str | None:
        found = self._first(
            "SELECT version FROM registered_model_aliases WHERE name = ? AND alias = ?", MODEL_NAME, CHAMPION
        )
        return None if found is None else str(found)

    def model_id(self, version: str) -> str | None:
        if self._first("SELECT 1 FROM model_versions WHERE name = ? AND version = ?", MODEL_NAME, version) is None:
            return None
        return self._tag(version, "model_id")

    def files_fault(self, model_id: str) -> str | None:
        address = self._first(
            "SELECT artifact_location FROM logged_models WHERE model_id = ? AND lifecycle_stage != 'deleted'", model_id
        )
        if address is None:
            return f"its logged model {model_id} was deleted from the store"
        return self._fault_at(f"{address}/{BUNDLE_FOLDER}", "its artifacts are")

    def evaluation_fault(self, version: str) -> str | None:
        run_id = self._tag(version, EVALUATION_RUN) or self._first(
            "SELECT run_id FROM model_versions WHERE name = ? AND version = ?", MODEL_NAME, version
        )
        if not run_id:
            return None
        address = self._first("SELECT artifact_uri FROM runs WHERE run_uuid = ?", run_id)
        if address is None:
            return f"its run {run_id} was deleted from the store"
        kept = self._first("SELECT value FROM tags WHERE run_uuid = ? AND key = ?", run_id, EVALUATION_FINGERPRINT)
        return self._fault_at(f"{address}/{EVALUATION_MODEL}", "its evaluation model is") if kept else None

    def _tag(self, version: str, key: str) -> str:
        query = "SELECT value FROM model_version_tags WHERE name = ? AND version = ? AND key = ?"
        return str(self._first(query, MODEL_NAME, version, key) or "")

    def _fault_at(self, address: str, what: str) -> str | None:
        """Artifacts on other machines are taken to be there: nobody waits for them to plan a command."""
        folder = self._tracking.folder_at(address)
        try:
            there = folder is None or any(path.is_file() for path in folder.rglob("*"))
        except OSError as error:
            return f"{folder} cannot be read ({error})"
        if there and damage_mark(self._tracking, address).exists():
            return f"{what} damaged in {folder}"
        return None if there else f"{what} gone from {folder}"

    def _first(self, query: str, *values: str | int) -> str | int | None:
        """First column of the first row; None without one, and in a database that MLflow has not used yet."""
        if not self._database.exists():
            return None
        try:
            with opened(self._database) as connection:
                if connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table'").fetchone() is None:
                    return None
                found = connection.execute(query, values).fetchone()
        except sqlite3.Error as error:
            if is_locked(error):
                raise unusable(self._database, error) from error
            raise RegistryError(
                f"{self._database}: cannot be asked for its models ({error}); expected a database of MLflow 3; "
                "restore it from a copy, or move it away to begin with an empty one"
            ) from error
        return None if found is None else found[0]
