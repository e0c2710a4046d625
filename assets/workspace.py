"""The one resource that assets need: where data, values and configuration are."""

import time
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import PrivateAttr

from assets.configuration import PipelineConfig, load_config
from assets.store import Store
from assets.versions import digest
from recsys_core.dataset.schema import MOVIELENS, TABLE_NAMES, DatasetSpec
from recsys_core.errors import StorageError
from registry.policy import PromotionPolicy, load_policy
from registry.tracking import Tracking

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

    def section(self, name: str) -> dict[str, Any]:
        """One section of the parameters, or the promotion policy, as JSON-able values."""
        if name == "promotion":
            return self.policy.model_dump(mode="json")
        return self.config.section(name)

    @property
    def policy(self) -> PromotionPolicy:
        path = self.config.promotion_policy
        return load_policy(Path(path)) if path else load_policy()

    def tracking(self) -> Tracking:
        return Tracking(self.home_path, tracking_uri=self.tracking_uri or None)

    def stored_version(self, asset: str) -> str:
        """The current data version of ``asset``; StorageError when there is none."""
        pointer = self.store.pointer(asset)
        if pointer is None:
            raise StorageError(f"asset {asset} has not been materialised in {self.home}; materialise it first")
        return pointer.version

    def data_fingerprint(self) -> str:
        """One short digest of all input files' contents: equal for equal data."""
        pointers = {name: self.store.pointer(f"raw_{name}") for name in TABLE_NAMES}
        return digest({name: list(found.parts["files"].values()) for name, found in pointers.items() if found})

    def now(self) -> int:
        """Seconds since 1970: the clock stays out of the core."""
        return int(time.time())
