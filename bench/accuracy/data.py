"""The bundled data, cleaned once, and the hybrid that is trained on it when nothing is tuned."""

import time
from dataclasses import dataclass
from pathlib import Path

from assets.configuration import Configuration
from bench.options import place
from pipelines.settings import SAMPLE_DATA
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import Split, UserItemMatrix
from recsys_core.dataset.table_folders import CleanTable
from recsys_core.dataset.tables import interactions_of
from recsys_core.experiment import UNTUNED, ItemTables, fit_release
from recsys_core.features import FeatureParameters
from recsys_core.hybrid import HybridModel
from recsys_core.splitting import SplitParameters, split_interactions
from recsys_core.storage import atomic_directory, file_sha256
from recsys_core.validating.folder import clean_folder

__all__ = ["Bundle", "fit_default_hybrid", "load_data"]


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

    def split(self, parameters: SplitParameters) -> Split:
        return split_interactions(self.interactions, parameters, catalogue_ids=self.tables.catalogue_ids)


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


def fit_default_hybrid(bundle: Bundle, split: Split | None = None) -> HybridModel:
    """Fitted on the training part of ``split`` alone, the features too; without a split on all ratings."""
    everything, parameters = bundle.interactions, FeatureParameters()
    known = bundle.tables.known_to(split, parameters) if split else bundle.tables.known_to_all(everything, parameters)
    return fit_release(split.train if split else everything, known, UNTUNED, feedback=MOVIELENS.feedback)
