"""Dagster's runs as things that can go: which of them something still shows, what they take, and their removal."""

import time
from collections.abc import Collection
from pathlib import Path

import dagster as dg
import sqlalchemy
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable

__all__ = ["RunHistory"]

_ORPHAN_SECONDS = 3600.0  # a run's file is there a moment before the run itself
_NO_RUN = ""  # Dagster's id for events that belong to none


class RunHistory:
    """The runs of one instance with their events and logs, in SQLite or in PostgreSQL."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance
        self._events = instance.event_log_storage
        self._logs = Path(instance.storage_directory())

    def newest_first(self) -> list[str]:
        return [record.dagster_run.run_id for record in self._instance.get_run_records()]

    def shown(self) -> set[str]:
        """Runs that have the latest event, or check, of an asset: with one of them a page would lose its content."""
        entries = [record.asset_entry for record in self._instance.get_asset_records()]
        found = {entry.last_run_id for entry in entries}
        events = [entry.last_materialization_record for entry in entries]
        for entry in entries:
            events += self._instance.fetch_observations(entry.asset_key, limit=1).records
        found |= {event.run_id for event in events if event is not None}
        return {run_id for run_id in found | self._latest_checks() if run_id}

    def leftovers(self, known: Collection[str]) -> list[str]:
        """Runs that are not ``known`` any more, of which a killed clean-up left events."""
        if not isinstance(self._events, SqliteEventLogStorage):
            return []
        old = time.time() - _ORPHAN_SECONDS
        unknown = {*self._events.get_all_run_ids()} - {*known, _NO_RUN}
        return sorted(run for run in unknown if all(path.stat().st_mtime < old for path in self._shards(run)))

    def paths(self, run_id: str) -> list[Path]:
        """Files and folders of this run alone."""
        return [path for path in (*self._shards(run_id), self._logs / run_id) if path.exists()]

    def remove(self, run_id: str) -> None:
        """The run, its events, checks and logs: the run first, so that no page shows it by half."""
        self._instance.delete_run(run_id)
        if isinstance(self._events, SqlEventLogStorage):  # Dagster leaves these
            of_run = AssetCheckExecutionsTable.c.run_id == run_id
            with self._events.index_connection() as connection:
                connection.execute(AssetCheckExecutionsTable.delete().where(of_run))
        self._instance.compute_log_manager.delete_logs(prefix=[run_id])
        for path in self._shards(run_id):
            path.unlink(missing_ok=True)

    def _latest_checks(self) -> set[str]:
        if not isinstance(self._events, SqlEventLogStorage):
            return set()
        table = AssetCheckExecutionsTable.c
        latest = sqlalchemy.select(sqlalchemy.func.max(table.id)).group_by(table.asset_key, table.check_name)
        with self._events.index_connection() as connection:
            return {row[0] for row in connection.execute(sqlalchemy.select(table.run_id).where(table.id.in_(latest)))}

    def _shards(self, run_id: str) -> list[Path]:
        """The SQLite file of a run's events, and what SQLite keeps beside it."""
        if not isinstance(self._events, SqliteEventLogStorage):
            return []
        shard = self._events.path_for_shard(run_id)
        return [path for ending in ("", "-wal", "-shm") if (path := Path(shard + ending)).exists()]
