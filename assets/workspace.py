"""Where data, values and configuration are. Addresses alone, nothing is opened."""

from dataclasses import dataclass, field
from pathlib import Path

from recsys_core.dataset.declaration import DATASET_FILE, dataset_in
from recsys_core.dataset.schema import DatasetSpec
from registry.tracking import Tracking

__all__ = ["Workspace"]


@dataclass(frozen=True, slots=True)
class Workspace:
    """Folders of one home, and where its configuration and its runs are.

    home         RECSYS_HOME: all that runs make
    data_dir     folder with the CSV files
    config_file  YAML file with parameters that differ from the defaults; empty for none
    tracking_uri MLflow server; empty for the embedded store in ``home``
    dataset_file declares what ``data_dir`` holds; empty for the dataset.yaml in it
    """

    home: str
    data_dir: str
    config_file: str = ""
    tracking_uri: str = field(default="", repr=False)  # may hold a password
    dataset_file: str = ""

    @property
    def home_path(self) -> Path:
        return Path(self.home)

    @property
    def data_path(self) -> Path:
        return Path(self.data_dir)

    @property
    def config_path(self) -> Path | None:
        return Path(self.config_file) if self.config_file else None

    def dataset(self) -> DatasetSpec:
        """What the data are declared to be; ParameterError, or MissingFileError, where that cannot be read."""
        return dataset_in(self.data_path, Path(self.dataset_file) if self.dataset_file else None)

    @property
    def declaration(self) -> Path | None:
        """The file that declares the data; None where there is none, for they are MovieLens's."""
        path = Path(self.dataset_file) if self.dataset_file else self.data_path / DATASET_FILE
        return path if path.is_file() else None

    @property
    def store_directory(self) -> Path:
        return self.home_path / "store"

    @property
    def docs_directory(self) -> Path:
        return self.home_path / "great_expectations"

    def tracking(self) -> Tracking:
        return Tracking(self.home_path, tracking_uri=self.tracking_uri or None)
