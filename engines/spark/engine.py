"""The engine of a Spark cluster."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from engines.interface import StepName
from engines.local import LocalEngine
from engines.parameters import EngineParameters
from engines.spark.als import Factors, item_factors_by_mllib
from engines.spark.session import Cluster
from engines.spark.tasks import GramTask, ListTask, ReadTask, gram, lists, read
from recsys_core.bundle import ModelBundle
from recsys_core.bundle.recommendations import Recommendations
from recsys_core.dataset.schema import TableSpec
from recsys_core.errors import RecsysError
from recsys_core.hybrid import NewTitles
from recsys_core.reading import ReadSummary
from recsys_core.reading.pieces import PIECE_BYTES, Piece, PieceRead, pieces_of, read_table_in_pieces
from recsys_core.sources.als import ALSParameters
from recsys_core.sources.ease.fit import solve_ease, solve_rows
from recsys_core.sources.solvers import Solvers
from recsys_core.storage import save_csr

__all__ = ["FEWEST_USERS", "MOST_GRAMS", "MOST_LISTS", "SparkEngine"]

_DECLINED: Final[Mapping[StepName, str]] = {
    "validate": "keys must be unique over all rows, and rows be written in their order: that is most of the work, in "
    "one place",
    "matrix": "it is what this machine solves the users with, and must fit here: counting it takes a few seconds per "
    "25 million ratings",
}
# Tasks are as the data are, not as the cluster is: sums then have one order, however many workers there are.
_FEWEST_ROWS: Final = 10_000
MOST_GRAMS: Final = 32  # each has the size of the sum
FEWEST_USERS: Final = 1_024
MOST_LISTS: Final = 4_096


class SparkEngine(LocalEngine):
    """:class:`engines.interface.Engine` on Spark. Workers run this project, installed there, on shared folders.

    What would be a single task stays here, and so does EASE with fewer rows than titles.
    """

    name = "spark"

    def __init__(self, parameters: EngineParameters, *, piece_bytes: int = PIECE_BYTES) -> None:
        self._cluster = Cluster(parameters)
        self._piece_bytes = piece_bytes

    @property
    def declined(self) -> Mapping[StepName, str]:
        return _DECLINED

    @property
    def solvers(self) -> Solvers:
        return Solvers(als=self._solve_als, ease=self._solve_ease)

    def read(self, path: Path, table: TableSpec, directory: Path) -> ReadSummary:
        pieces = pieces_of(path, table, piece_bytes=self._piece_bytes)
        if len(pieces) == 1:
            return super().read(path, table, directory)

        def read_all(tasks: Sequence[tuple[Piece, Path]]) -> list[PieceRead | RecsysError]:
            asked = [ReadTask(piece, table, folder) for piece, folder in tasks]
            return list(self._cluster.map(f"reading {path.name}", read, asked))

        with self._cluster.scratch() as scratch:
            return read_table_in_pieces(path, table, directory, scratch, pieces, read_all)

    def recommend_all(self, bundle: ModelBundle, k: int, *, new_titles: NewTitles | None = None) -> Recommendations:
        known, nobody = bundle.known, np.zeros(0, dtype=np.int64)
        cuts = _cuts(known.n_users, MOST_LISTS, FEWEST_USERS)
        if len(cuts) == 1:
            return super().recommend_all(bundle, k, new_titles=new_titles)
        with self._cluster.scratch() as scratch:
            saved = _folder(scratch / "bundle")
            replace(bundle, known=known.rows(nobody)).save(saved)  # each worker process reads and keeps it
            tasks = []
            for start, stop in cuts:
                some = _folder(scratch / f"known-{start:012d}")
                known.rows(np.arange(start, stop)).save(some)
                tasks.append(ListTask(saved, some, k, new_titles, scratch / f"lists-{start:012d}"))
            what = f"lists for {known.n_users:,} people"
            parts = [Recommendations.load(folder).table for folder in self._cluster.map(what, lists, tasks)]
        return Recommendations(pa.concat_tables(parts).combine_chunks())

    def _solve_als(self, confidence: csr_matrix, start: tuple[Factors, Factors], parameters: ALSParameters) -> Factors:
        """As :data:`recsys_core.sources.solvers.ALSSolver`; MLlib draws its initial factors itself."""
        with self._cluster.scratch() as scratch:
            return item_factors_by_mllib(self._cluster, confidence, parameters, scratch)

    def _solve_ease(self, rows: csr_matrix, regularization: float) -> NDArray[np.floating[Any]]:
        """The Gram matrix on the workers, as the sum of those of stretches of ``rows``; the factorisation here."""
        n_rows, n_kept = rows.shape
        cuts = _cuts(n_rows, MOST_GRAMS, _FEWEST_ROWS)
        if n_rows < n_kept or len(cuts) == 1:
            return solve_rows(rows, regularization)
        total = np.zeros((n_kept, n_kept))
        with self._cluster.scratch() as scratch:
            tasks = []
            for start, stop in cuts:
                path = scratch / f"rows-{start:012d}.npz"
                save_csr(path, csr_matrix(rows[start:stop]))
                tasks.append(GramTask(path, scratch / f"gram-{start:012d}"))
            for part in self._cluster.map(f"Gram matrix of {n_kept:,} titles", gram, tasks):
                total += np.load(part, mmap_mode="r")
        return solve_ease(total, regularization)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _cuts(n: int, n_parts: int, fewest: int) -> list[tuple[int, int]]:
    """0 to ``n`` in at most ``n_parts`` stretches of about the same length, at least ``fewest``."""
    n_parts = max(1, min(n_parts, n // fewest))
    bounds = [n * number // n_parts for number in range(n_parts + 1)]
    return list(pairwise(bounds))
