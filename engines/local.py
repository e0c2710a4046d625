"""This machine's processors: the engine that every other is compared with, and that does what others decline."""

from collections.abc import Mapping
from pathlib import Path

from engines.interface import StepName
from recsys_core.bundle import ModelBundle, Recommendations, recommend_all
from recsys_core.dataset.schema import TableSpec
from recsys_core.dataset.tables import interactions_of
from recsys_core.hybrid import NewTitles
from recsys_core.reading import ReadSummary, read_table
from recsys_core.sources.solvers import HERE, Solvers
from recsys_core.validating import validate_table

__all__ = ["LocalEngine"]


class LocalEngine:
    """:class:`engines.interface.Engine` by the functions of the core. Other engines replace the steps that they do."""

    name = "local"
    validate = staticmethod(validate_table)
    interactions = staticmethod(interactions_of)

    @property
    def declined(self) -> Mapping[StepName, str]:
        return {}

    @property
    def solvers(self) -> Solvers:
        return HERE

    def read(self, path: Path, table: TableSpec, directory: Path) -> ReadSummary:
        return read_table(path, table, directory)

    def recommend_all(self, bundle: ModelBundle, k: int, *, new_titles: NewTitles | None = None) -> Recommendations:
        return recommend_all(bundle, k, new_titles=new_titles)
