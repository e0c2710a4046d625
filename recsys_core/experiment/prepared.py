"""A folder of files → validated tables and the matrix of interactions: what experiments and models begin with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from recsys_core.bundle.titles import Titles
from recsys_core.dataset.interactions import Split, UserItemMatrix
from recsys_core.dataset.schema import DatasetSpec
from recsys_core.dataset.table_folders import CleanTable
from recsys_core.dataset.tables import interactions_of
from recsys_core.experiment.item_knowledge import ItemTables
from recsys_core.splitting import SplitParameters, split_interactions
from recsys_core.validating import RejectLimits, ValidationSummary
from recsys_core.validating.folder import clean_folder

__all__ = ["Prepared", "prepare_folder"]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Validated data.

    directory  with ``validated/<table>/rows.parquet`` and ``rejected.parquet``
    summaries  of each table: rows in, accepted and rejected
    """

    dataset: DatasetSpec
    directory: Path
    summaries: Mapping[str, ValidationSummary]
    interactions: UserItemMatrix
    tables: ItemTables

    def split(self, parameters: SplitParameters) -> Split:
        return split_interactions(self.interactions, parameters, catalogue_ids=self.tables.catalogue_ids)

    def titles(self) -> Titles:
        movies, links = (CleanTable(self.directory / "validated" / name, {}) for name in ("movies", "links"))
        return Titles.of_tables(movies, links, self.dataset)


def prepare_folder(
    data_dir: Path, dataset: DatasetSpec, directory: Path, *, now: int, limits: RejectLimits
) -> Prepared:
    """Read and validate ``data_dir`` into the existing folder ``directory``.

    ``now`` is in seconds since 1970, UTC. Raises DataError for data that cannot be used.
    """
    summaries = clean_folder(data_dir, dataset, directory, now=now, limits=limits)
    validated = directory / "validated"
    interactions = interactions_of(CleanTable(validated / "ratings", {}), dataset.feedback.kind)
    return Prepared(dataset, directory, summaries, interactions, ItemTables.in_folder(validated))
