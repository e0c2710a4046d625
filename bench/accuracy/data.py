"""The bundled data, cleaned once."""

import time
from dataclasses import dataclass
from pathlib import Path

from assets.configuration import Configuration
from bench.options import place
from pipelines.settings import SAMPLE_DATA
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.dataset.table_folders import CleanTable
from recsys_core.dataset.tables import interactions_of
from recsys_core.experiment import ItemTables
from recsys_core.storage import atomic_directory, file_sha256
from recsys_core.validating.folder import clean_folder

__all__ = ["Bundle", "load_data"]


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """All ratings, the tables about titles, and where they come from: the folder, and its ratings' SHA-256."""

    interactions: UserItemMatrix
    tables: ItemTables
    fingerprint: str
    folder: Path

    @property
    def source(self) -> str:
        """In words, for a page."""
        return f"{place(self.folder)}, ratings.csv SHA-256 `{self.fingerprint}`"


def load_data(workspace: Path, folder: Path = SAMPLE_DATA) -> Bundle:
    """Read and validate ``folder`` into ``workspace``, or take what an earlier call left there."""
    found = file_sha256(folder / "ratings.csv")
    clean = workspace / f"clean-{found[:12]}"
    if not clean.exists():
        workspace.mkdir(parents=True, exist_ok=True)
        with atomic_directory(clean) as directory:
            clean_folder(folder, MOVIELENS, directory, now=int(time.time()), limits=Configuration.read(None).validation)
    validated = clean / "validated"
    interactions = interactions_of(CleanTable(validated / "ratings", {}))
    return Bundle(interactions, ItemTables.in_folder(validated), found, folder)
