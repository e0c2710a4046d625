"""Where things are, from the environment: the only place that reads it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_core.errors import ParameterError, RegistryError
from recsys_core.shipped import shipped
from registry.mlflow_library import credentials_apart
from registry.plain_path import plain_path
from registry.tracking import Tracking

if TYPE_CHECKING:
    from assets.workspace import Workspace
    from serving.events import EventStore

__all__ = ["REPOSITORY", "SAMPLE_DATA", "Settings"]

REPOSITORY = Path(__file__).resolve().parents[1]
SAMPLE_DATA = shipped("data/sample")
EXECUTORS = ("in_process", "multiprocess")
VARIABLES = {
    "home": "RECSYS_HOME",
    "data_dir": "RECSYS_DATA",
    "dataset_file": "RECSYS_DATASET",
    "config_file": "RECSYS_CONFIG",
    "tracking_uri": "MLFLOW_TRACKING_URI",
    "executor": "RECSYS_EXECUTOR",
    "retrain_cron": "RECSYS_RETRAIN_CRON",
    "on_failure": "RECSYS_ON_FAILURE",
    "experiments_file": "RECSYS_EXPERIMENTS",
    "events_url": "RECSYS_EVENTS_URL",
    "dagster_postgres_url": "RECSYS_DAGSTER_POSTGRES_URL",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the VARIABLES say, or their defaults.

    ``dataset_file`` declares what ``data_dir`` holds; without one its dataset.yaml does.
    ``retrain_cron`` says in cron's five fields, in UTC, when the whole pipeline runs by itself: Mondays at three.
    ``on_failure`` is who is told of a failed run: the address of a webhook, or a command; empty for nobody.
    ``events_url`` is the path or URL of the store of events; empty for the one in ``home``.
    ``dagster_postgres_url`` is the database of Dagster's runs; empty for SQLite in ``home``.
    """

    home: Path
    data_dir: Path
    config_file: Path | None = None
    tracking_uri: str = ""
    executor: str = "in_process"
    retrain_cron: str = "0 3 * * 1"
    on_failure: str = ""
    experiments_file: Path | None = None
    events_url: str = ""
    dagster_postgres_url: str = ""
    dataset_file: Path | None = None

    def __post_init__(self) -> None:
        if self.executor not in EXECUTORS:
            raise ParameterError(f"RECSYS_EXECUTOR is {self.executor!r}, expected one of {', '.join(EXECUTORS)}")
        # the driver is named: SQLAlchemy 2.1 takes postgresql:// for psycopg 3, which dagster-postgres does not speak
        if self.dagster_postgres_url and not self.dagster_postgres_url.startswith("postgresql+psycopg2://"):
            raise ParameterError(
                "RECSYS_DAGSTER_POSTGRES_URL cannot be used; expected "
                "postgresql+psycopg2://USER:PASSWORD@HOST:5432/DATABASE"
            )

    @classmethod
    def from_environment(cls, **given: str | Path | None) -> "Settings":
        """Arguments win over the environment, the environment over the defaults. Paths become absolute."""
        found: dict[str, Any] = {"home": ".recsys", "data_dir": SAMPLE_DATA}
        found |= {name: os.environ[variable] for name, variable in VARIABLES.items() if os.environ.get(variable)}
        found |= {name: value for name, value in given.items() if value}
        for name in ("home", "data_dir", "dataset_file", "config_file", "experiments_file"):
            if name in found:
                found[name] = Path(found[name]).resolve()
        if "://" not in found.get("events_url", "://"):
            found["events_url"] = str(Path(found["events_url"]).resolve())
        found["tracking_uri"] = credentials_apart(found.get("tracking_uri", ""))  # Dagster's pages show it
        return cls(**found)

    @property
    def dagster_home(self) -> Path:
        """Dagster's folder; its SQLite addresses cannot hold every character, so perhaps by way of a link."""
        return plain_path(self.home) / "dagster"

    def existing_tracking(self) -> Tracking:
        """The store of runs and models, to read from; a RegistryError where no run has made one yet."""
        if not self.tracking_uri and not (self.home / "mlflow").is_dir():
            raise RegistryError(f"no model is registered in {self.home}; run `recsys run` first or give --home")
        return Tracking(self.home, tracking_uri=self.tracking_uri or None)

    def existing_events(self) -> "EventStore":
        """The store of events, to read from; an EventStoreError where no server has made one yet."""
        from serving.events import EventStore, event_store_path

        return EventStore.open(self.events_url or event_store_path(self.home), create=False)

    def workspace(self) -> "Workspace":
        """The same places for assets; takes Dagster, which takes seconds to import."""
        from assets.workspace import Workspace

        return Workspace(
            home=str(self.home),
            data_dir=str(self.data_dir),
            config_file=str(self.config_file or ""),
            dataset_file=str(self.dataset_file or ""),
            tracking_uri=self.tracking_uri,
        )

    def as_environment(self) -> dict[str, str]:
        """The environment in which Dagster's own processes see the same places."""
        told = {variable: str(getattr(self, name) or "") for name, variable in VARIABLES.items()}
        return {variable: text for variable, text in told.items() if text} | {"DAGSTER_HOME": str(self.dagster_home)}
