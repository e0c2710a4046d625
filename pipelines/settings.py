"""Where things are, from the environment: the only place that reads it."""

import os
from dataclasses import dataclass
from pathlib import Path

from assets.workspace import Workspace
from recsys_core.errors import ParameterError, RegistryError
from registry.tracking import Tracking

__all__ = ["SAMPLE_DATA", "Settings"]

REPOSITORY = Path(__file__).resolve().parents[1]
SAMPLE_DATA = REPOSITORY / "data" / "sample"
EXECUTORS = ("in_process", "multiprocess")
MONDAYS_AT_THREE = "0 3 * * 1"


@dataclass(frozen=True, slots=True)
class Settings:
    """RECSYS_HOME, RECSYS_DATA, RECSYS_CONFIG, RECSYS_EXECUTOR, RECSYS_RETRAIN_CRON and MLFLOW_TRACKING_URI.

    Or their defaults. ``retrain_cron`` says in cron's five fields, in UTC, when the whole pipeline runs by itself.
    """

    home: Path
    data_dir: Path
    config_file: Path | None = None
    tracking_uri: str = ""
    executor: str = "in_process"
    retrain_cron: str = MONDAYS_AT_THREE

    def __post_init__(self) -> None:
        if self.executor not in EXECUTORS:
            raise ParameterError(f"RECSYS_EXECUTOR is {self.executor!r}, expected one of {', '.join(EXECUTORS)}")

    @classmethod
    def from_environment(
        cls,
        *,
        home: str | Path | None = None,
        data_dir: str | Path | None = None,
        config_file: str | Path | None = None,
    ) -> "Settings":
        """Arguments win over the environment, the environment over the defaults. Paths become absolute."""
        config = config_file or os.environ.get("RECSYS_CONFIG")
        return cls(
            home=Path(home or os.environ.get("RECSYS_HOME") or ".recsys").resolve(),
            data_dir=Path(data_dir or os.environ.get("RECSYS_DATA") or SAMPLE_DATA).resolve(),
            config_file=Path(config).resolve() if config else None,
            tracking_uri=os.environ.get("MLFLOW_TRACKING_URI", ""),
            executor=os.environ.get("RECSYS_EXECUTOR") or "in_process",
            retrain_cron=os.environ.get("RECSYS_RETRAIN_CRON") or MONDAYS_AT_THREE,
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
        return settings
