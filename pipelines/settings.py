"""Where things are, from the environment: the only place that reads it."""

import os
from dataclasses import dataclass
from pathlib import Path

from assets.workspace import Workspace
from recsys_core.errors import ParameterError, RegistryError
from registry.tracking import Tracking

__all__ = ["REPOSITORY", "SAMPLE_DATA", "Settings"]

REPOSITORY = Path(__file__).resolve().parents[1]
SAMPLE_DATA = REPOSITORY / "data" / "sample"
EXECUTORS = ("in_process", "multiprocess")
MONDAYS_AT_THREE = "0 3 * * 1"


@dataclass(frozen=True, slots=True)
class Settings:
    """RECSYS_HOME, _DATA, _CONFIG, _EXECUTOR, _RETRAIN_CRON, _EXPERIMENTS, _EVENTS_URL and MLFLOW_TRACKING_URI.

    Or their defaults. ``retrain_cron`` says in cron's five fields, in UTC, when the whole pipeline runs by itself.
    ``events_url`` is the path or URL of the store of events; empty for the one in ``home``. ``dagster_postgres_url``
    (RECSYS_DAGSTER_POSTGRES_URL) is the database of Dagster's runs; empty for SQLite in ``home``.
    """

    home: Path
    data_dir: Path
    config_file: Path | None = None
    tracking_uri: str = ""
    executor: str = "in_process"
    retrain_cron: str = MONDAYS_AT_THREE
    experiments_file: Path | None = None
    events_url: str = ""
    dagster_postgres_url: str = ""

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
    def from_environment(
        cls,
        *,
        home: str | Path | None = None,
        data_dir: str | Path | None = None,
        config_file: str | Path | None = None,
        experiments_file: str | Path | None = None,
        events_url: str | None = None,
    ) -> "Settings":
        """Arguments win over the environment, the environment over the defaults. Paths become absolute."""
        config = config_file or os.environ.get("RECSYS_CONFIG")
        experiments = experiments_file or os.environ.get("RECSYS_EXPERIMENTS")
        events = events_url or os.environ.get("RECSYS_EVENTS_URL") or ""
        return cls(
            home=Path(home or os.environ.get("RECSYS_HOME") or ".recsys").resolve(),
            data_dir=Path(data_dir or os.environ.get("RECSYS_DATA") or SAMPLE_DATA).resolve(),
            config_file=Path(config).resolve() if config else None,
            tracking_uri=os.environ.get("MLFLOW_TRACKING_URI", ""),
            executor=os.environ.get("RECSYS_EXECUTOR") or "in_process",
            retrain_cron=os.environ.get("RECSYS_RETRAIN_CRON") or MONDAYS_AT_THREE,
            experiments_file=Path(experiments).resolve() if experiments else None,
            events_url=str(Path(events).resolve()) if events and "://" not in events else events,
            dagster_postgres_url=os.environ.get("RECSYS_DAGSTER_POSTGRES_URL", ""),
        )

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"

    def existing_tracking(self) -> Tracking:
        """The store of runs and models, to read from; a RegistryError where no run has made one yet."""
        if not self.tracking_uri and not (self.home / "mlflow").is_dir():
            raise RegistryError(f"no model is registered in {self.home}; run `recsys run` first or give --home")
        return self.workspace().tracking()

    def workspace(self) -> Workspace:
        return Workspace(
            home=str(self.home),
            data_dir=str(self.data_dir),
            config_file=str(self.config_file or ""),
            tracking_uri=self.tracking_uri,
        )

    def as_environment(self) -> dict[str, str]:
        """The environment in which Dagster's own processes see the same places."""
        settings = {
            "RECSYS_HOME": str(self.home),
            "RECSYS_DATA": str(self.data_dir),
            "RECSYS_EXECUTOR": self.executor,
            "RECSYS_RETRAIN_CRON": self.retrain_cron,
            "DAGSTER_HOME": str(self.dagster_home),
        }
        if self.config_file:
            settings["RECSYS_CONFIG"] = str(self.config_file)
        if self.tracking_uri:
            settings["MLFLOW_TRACKING_URI"] = self.tracking_uri
        if self.experiments_file:
            settings["RECSYS_EXPERIMENTS"] = str(self.experiments_file)
        if self.events_url:
            settings["RECSYS_EVENTS_URL"] = self.events_url
        if self.dagster_postgres_url:
            settings["RECSYS_DAGSTER_POSTGRES_URL"] = self.dagster_postgres_url
        return settings
