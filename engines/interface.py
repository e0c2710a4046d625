"""What an engine is: the steps whose cost grows with the data, each with the outcome that any engine gives."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from recsys_core.bundle import ModelBundle
from recsys_core.bundle.recommendations import Recommendations
from recsys_core.dataset.feedback import FeedbackKind
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.dataset.schema import DatasetSpec, TableSpec
from recsys_core.dataset.table_folders import CleanTable
from recsys_core.hybrid import NewTitles
from recsys_core.reading import ReadSummary
from recsys_core.sources.solvers import Solvers
from recsys_core.validating import RejectLimits, ValidationSummary

__all__ = ["STEPS", "Engine", "StepName", "who_does"]

StepName = Literal["read", "validate", "matrix", "als", "ease", "top_k"]
STEPS: tuple[StepName, ...] = get_args(StepName)


class Engine(Protocol):
    """Steps in one place of computing. Making one is cheap: a session, or a device, is opened when it is first used.

    name      in the configuration and in versions
    declined  steps that this machine does instead, and why, in one line each
    solvers   of ALS and EASE, those that are not this machine's

    Tables are the same by every engine, row for row and reject for reject. Models are solutions of the objective that
    the engine declares, which may weigh its regularisation otherwise: they are compared by loss, scores and ranking,
    never by factors, which rotate.
    """

    name: str

    @property
    def declined(self) -> Mapping[StepName, str]: ...

    @property
    def solvers(self) -> Solvers: ...

    def read(self, path: Path, table: TableSpec, directory: Path) -> ReadSummary:
        """As :func:`recsys_core.reading.read_table`."""

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
        """As :func:`recsys_core.validating.validate_table`."""

    def interactions(self, ratings: CleanTable, kind: FeedbackKind) -> UserItemMatrix:
        """As :func:`recsys_core.dataset.tables.interactions_of`."""

    def recommend_all(self, bundle: ModelBundle, k: int, *, new_titles: NewTitles | None = None) -> Recommendations:
        """As :func:`recsys_core.bundle.recommend_all`."""


def who_does(engine: Engine, steps: Iterable[StepName]) -> str:
    """By which engines ``steps`` are done: "local", or "als gpu, ease gpu"."""
    own = [f"{step} {engine.name}" for step in steps if step not in engine.declined]
    return ", ".join(own) if own and engine.name != "local" else "local"
