"""This machine's processors: the engine that every other is compared with, and that does what others decline."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines.interface import StepName
from recsys_core.bundle import ModelBundle
from recsys_core.bundle.recommendations import Recommendations, recommend_all
from recsys_core.dataset.feedback import FeedbackKind
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.dataset.schema import DatasetSpec, TableSpec
from recsys_core.dataset.table_folders import CleanTable
from recsys_core.dataset.tables import interactions_of
from recsys_core.hybrid import NewTitles
from recsys_core.reading import ReadSummary, read_table
from recsys_core.sources.solvers import HERE, Solvers
from recsys_core.validating import RejectLimits, ValidationSummary, validate_table

__all__ = ["LocalEngine"]


class LocalEngine:
    """:class:`engines.interface.Engine` by the functions of the core. Other engines replace the steps that they do."""

    name = "local"

    @property
    def declined(self) -> Mapping[StepName, str]:
        return {}

    @property
    def solvers(self) -> Solvers:
        return HERE

    def read(self, path: Path, table: TableSpec, directory: Path) -> ReadSummary:
        return read_table(path, table, directory)

    def validate(
        self,
        raw_directory: Path,
        table: TableSpec,
        dataset: DatasetSpec,
        directory: Path,
        *,
        read: ReadSummary,
        known: Mapping[tuple[str, str], NDArray[np.int64]],
        now: int,
        limits: RejectLimits,
        docs_directory: Path | None = None,
    ) -> ValidationSummary:
        return validate_table(
            raw_directory,
            table,
            dataset,
            directory,
            read=read,
            known=known,
            now=now,
            limits=limits,
            docs_directory=docs_directory,
        )

    def interactions(self, ratings: CleanTable, kind: FeedbackKind) -> UserItemMatrix:
        return interactions_of(ratings, kind)

    def recommend_all(self, bundle: ModelBundle, k: int, *, new_titles: NewTitles | None = None) -> Recommendations:
        return recommend_all(bundle, k, new_titles=new_titles)
