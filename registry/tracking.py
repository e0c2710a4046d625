"""Where runs are kept: an embedded SQLite store under RECSYS_HOME, or an MLflow server.

One Dagster run is one parent run, found again by its tag; what would bury its headline is a child run. All calls name
their run explicitly, so nothing depends on MLflow's "active run" of the process.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from recsys_core.errors import RegistryError
from registry.addresses import local_path, moved_address, without_credentials
from registry.mlflow_library import as_registry_error, credentials_apart, import_mlflow, one_line
from registry.moved_home import ARTIFACTS, DATABASE, is_moved, mend_addresses
from registry.plain_path import plain_path
from registry.run_log import RunLog
from registry.source import source_tags
from registry.store_checks import check_database, check_server, has_open_run

__all__ = ["DAGSTER_RUN_ID", "DEFAULT_EXPERIMENT", "RunStatus", "Tracking", "embedded_store"]

DEFAULT_EXPERIMENT = "hybrid-recommender"
DAGSTER_RUN_ID = "dagster_run_id"
_PARENT = "mlflow.parentRunId"
_LOCK_SECONDS = 120.0

RunStatus = Literal["RUNNING", "FINISHED", "FAILED", "KILLED"]


def embedded_store(home: Path) -> tuple[str, str]:
    """Addresses of the embedded store below ``home``: of its database, and of the folder of its artifacts.

    Both go by :func:`registry.plain_path.plain_path`: MLflow reads neither right with one of % ? # in it.
    """
    root = plain_path(home)
    return f"sqlite:///{root / DATABASE}", (root / ARTIFACTS).as_uri()


class Tracking:
    """The store of runs and models.

    tracking_uri       empty for the embedded store in ``home/mlflow/mlflow.db``, or the address of a server or database
    artifact_location  URI under which a *new* experiment keeps its files; empty for ``home/mlflow/artifacts``, or on
                       a server for its own choice
    experiment         name of the MLflow experiment; made when it is not there

    Nothing is opened or written in the home until it is first needed. An embedded store whose home was moved or copied
    is mended when it is opened (see :mod:`registry.moved_home`).
    """

    def __init__(
        self,
        home: Path,
        *,
        tracking_uri: str | None = None,
        artifact_location: str | None = None,
        experiment: str = DEFAULT_EXPERIMENT,
    ) -> None:
        self.home = home.absolute()
        self.folder = self.home / ARTIFACTS.parent
        tracking_uri = credentials_apart(tracking_uri or "")
        self.embedded = not tracking_uri
        self.database = self.home / DATABASE
        self.tracking_uri, self.artifact_location = tracking_uri, artifact_location
        if not self._is_server:
            own_uri, own_artifacts = embedded_store(self.home)
            self.tracking_uri = tracking_uri or own_uri
            self.artifact_location = artifact_location or own_artifacts
        self.experiment = experiment
        self.shown_uri = without_credentials(self.tracking_uri)

    @property
    def plain_folder(self) -> Path:
        """``folder`` by a name that MLflow reads right; the link that it may need is there when this returns."""
        return plain_path(self.home) / ARTIFACTS.parent

    def folder_at(self, address: str) -> Path | None:
        """The folder of this machine that an address of artifacts leads to, by its own name; None for a server's."""
        plain = self.plain_folder.parent
        return local_path(address if plain == self.home else moved_address(address, plain, self.home) or address)

    def mend(self) -> None:
        """Let the embedded store follow a home that was moved or copied; about 1 ms where it was not."""
        if not self.embedded:
            return
        home, kept = self.plain_folder.parent, (self.artifact_location or "",)
        if is_moved(home, kept=kept):
            with self.lock():
                mend_addresses(home, kept=kept)

    @property
    def _is_server(self) -> bool:
        return self.tracking_uri.startswith(("http://", "https://"))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """One process at a time finds or creates; re-entrant within a process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".lock", timeout=_LOCK_SECONDS, is_singleton=True):
            yield

    @property
    def client(self) -> Any:
        """The MLflow client; the first one ever makes the database (under the lock: two at once would collide)."""
        if self.embedded:
            _ = self.plain_folder  # a link below the folder for temporary files may have been swept away meanwhile
        return self._client

    @cached_property
    def _client(self) -> Any:
        mlflow = import_mlflow()
        with self.lock():
            if self.embedded:
                check_database(self.database)
                self.mend()
            elif self._is_server:
                check_server(self.tracking_uri)
            try:
                return mlflow.MlflowClient(self.tracking_uri, self.tracking_uri)
            except Exception as error:
                raise RegistryError(
                    f"the tracking store {self.shown_uri} cannot be opened ({one_line(error)}); "
                    "check the address, or that the file is an MLflow database"
                ) from error

    @cached_property
    def experiment_id(self) -> str:
        with self.lock():
            found = self.client.get_experiment_by_name(self.experiment)
            if found is None:
                created = self.client.create_experiment(self.experiment, artifact_location=self.artifact_location)
                return str(created)
        if found.lifecycle_stage != "active":
            raise RegistryError(
                f"the experiment {self.experiment!r} in {self.shown_uri} was deleted; "
                "restore it (`mlflow experiments restore`) or choose another name"
            )
        return str(found.experiment_id)

    @contextmanager
    def as_global(self) -> Iterator[Any]:
        """MLflow's own global address set to this store, and set back afterwards; yields the module.

        Some parts of MLflow (``models:/`` addresses) know no other way of being told where to look.
        """
        mlflow = import_mlflow()
        _ = self.client
        before = mlflow.get_tracking_uri() if mlflow.tracking.is_tracking_uri_set() else None
        mlflow.set_tracking_uri(self.tracking_uri)
        try:
            yield mlflow
        finally:
            mlflow.set_tracking_uri(before)

    def parent_run(self, dagster_run_id: str, *, name: str | None = None, tags: Mapping[str, str] | None = None) -> str:
        """Id of the one parent run of a Dagster run: found, from whichever process made it, or created.

        ``tags`` (data fingerprint, reason, ...) are set on it either way, the commit when it is made. A parent that had
        been closed is opened again, because its Dagster run is evidently going on.
        """
        if not dagster_run_id:
            raise RegistryError("a parent run needs the id of its Dagster run; got an empty one")
        wanted = {DAGSTER_RUN_ID: dagster_run_id, **(tags or {})}
        with self.lock():
            found = self._find({DAGSTER_RUN_ID: dagster_run_id}, parents_only=True)
            if found is None:
                return self._create(name or f"pipeline {dagster_run_id[:8]}", {**source_tags(), **wanted})
        self._go_on(found, wanted)
        return str(found.info.run_id)

    def child_run(
        self,
        parent_run_id: str,
        name: str,
        *,
        started_at: float | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """Id of the child of ``parent_run_id`` called ``name``: found (and opened again) or created.

        started_at  when its work began, in seconds since 1970, UTC; now, unless given
        """
        wanted = {_PARENT: parent_run_id, **(tags or {})}
        with self.lock():
            found = self._find({_PARENT: parent_run_id, "mlflow.runName": name})
            if found is None:
                return self._create(name, wanted, started_at)
        self._go_on(found, wanted)
        return str(found.info.run_id)

    @contextmanager
    def child(
        self, parent_run_id: str, name: str, *, ended_at: float | None = None, **options: Any
    ) -> Iterator[RunLog]:
        """A child run that is written in the block: FINISHED at its end, FAILED when it raises.

        ended_at  when the work that it tells of ended, in seconds since 1970, UTC; with the block, unless given
        """
        run_id = self.child_run(parent_run_id, name, **options)
        try:
            yield self.log(run_id)
        except BaseException:
            self.finish(run_id, "FAILED")
            raise
        self.finish(run_id, ended_at=ended_at)

    def log(self, run_id: str) -> RunLog:
        """The writer of everything that goes into the run ``run_id``."""
        return RunLog(self.client, run_id)

    def finish(self, run_id: str, status: RunStatus = "FINISHED", *, ended_at: float | None = None) -> None:
        """Close a run, and with it the children that nobody has closed."""
        self.client.set_terminated(run_id, status=status, end_time=None if ended_at is None else _ms(ended_at))
        for child in self._running({_PARENT: run_id}):
            self.client.set_terminated(child.info.run_id, status=status)

    def end_run(self, dagster_run_id: str, status: RunStatus) -> None:
        """Close the parent run of a Dagster run that is over, with its open children; nothing where none is open.

        No database is made, and no experiment. RegistryError when the store cannot be asked.
        """
        if self._database_file and not has_open_run(self._database_file, DAGSTER_RUN_ID, dagster_run_id):
            return
        with as_registry_error(f"the run of Dagster's run {dagster_run_id} cannot be closed in {self.shown_uri}"):
            if self.client.get_experiment_by_name(self.experiment) is None:
                return
            found = self._find({DAGSTER_RUN_ID: dagster_run_id}, parents_only=True)
            if found is not None and found.info.status == "RUNNING":
                self.finish(str(found.info.run_id), status)

    @property
    def _database_file(self) -> Path | None:
        """The SQLite file that runs are kept in; None for a server and for other databases."""
        if self.embedded:
            return self.database
        kind, _, path = self.tracking_uri.partition(":///")
        return Path(path) if kind == "sqlite" else None

    def _create(self, name: str, tags: Mapping[str, str], started_at: float | None = None) -> str:
        created = self.client.create_run(
            self.experiment_id,
            start_time=_ms(time.time() if started_at is None else started_at),
            run_name=name,
            tags={
                "mlflow.user": os.environ.get("USER") or "recsys",
                "mlflow.source.name": "recsys",
                "mlflow.source.type": "LOCAL",
                **{key: str(value) for key, value in tags.items()},
            },
        )
        return str(created.info.run_id)

    def _go_on(self, run: Any, tags: Mapping[str, str]) -> None:
        """Set what is new of ``tags``, and open the run again where it was closed."""
        new = {key: value for key, value in tags.items() if run.data.tags.get(key) != str(value)}
        if run.info.status != "RUNNING":
            self.client.update_run(str(run.info.run_id), status="RUNNING")
        self.log(str(run.info.run_id)).tags(new)

    def _find(self, tags: Mapping[str, str], *, parents_only: bool = False) -> Any | None:
        """The oldest run with these tags: were there two, every caller would choose the same one."""
        found = self.client.search_runs(
            [self.experiment_id], _filter(tags), order_by=["attributes.start_time ASC", "attributes.run_id ASC"]
        )
        return next((run for run in found if not (parents_only and _PARENT in run.data.tags)), None)

    def _running(self, tags: Mapping[str, str]) -> list[Any]:
        condition = " and ".join(filter(None, ["attributes.status = 'RUNNING'", _filter(tags)]))
        found: list[Any] = []
        token = None
        while True:
            page = self.client.search_runs([self.experiment_id], condition, page_token=token)
            found.extend(page)
            token = page.token
            if not token:
                return found


def _ms(seconds: float) -> int:
    return int(seconds * 1000)


def _filter(tags: Mapping[str, str]) -> str:
    for value in tags.values():
        if "'" in value:
            raise RegistryError(f"a tag to search by must not hold a quotation mark: {value}")
    return " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
