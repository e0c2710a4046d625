"""The one resource that assets need: where data, values and configuration are."""

import time
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from assets.configuration import PipelineConfig, load_config
from assets.store import Store
from recsys_core.dataset.schema import MOVIELENS, DatasetSpec

__all__ = ["Workspace"]


class Workspace(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Folders of one home, and the configuration of the pipeline that works in it.

    home         RECSYS_HOME: all that runs make
    data_dir     folder with the CSV files
    config_file  YAML file with parameters that differ from the defaults; empty for none
    tracking_uri MLflow server; empty for the embedded store in ``home``
    """

    home: str
    data_dir: str
    config_file: str = ""
    tracking_uri: str = ""

    _config: PipelineConfig | None = PrivateAttr(default=None)

    @property
    def home_path(self) -> Path:
        return Path(self.home)

    @property
    def data_path(self) -> Path:
        return Path(self.data_dir)

    @property
    def dataset(self) -> DatasetSpec:
        return MOVIELENS

    @property
    def config(self) -> PipelineConfig:
        if self._config is None:
            self._config = load_config(Path(self.config_file) if self.config_file else None)
        return self._config

    @property
    def store(self) -> Store:
        return Store(self.home_path / "store")

    @property
    def docs_directory(self) -> Path:
        return self.home_path / "great_expectations"

    @property
    def studies_directory(self) -> Path:
        return self.home_path / "studies"

    def now(self) -> int:
        """Seconds since 1970: the clock stays out of the core."""
        return int(time.time())
