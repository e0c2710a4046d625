"""What runs on the workers: functions of this project, given paths that every worker sees under the same name."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from recsys_core.bundle import ModelBundle, recommend_all
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.dataset.schema import TableSpec
from recsys_core.gram import gram_of
from recsys_core.hybrid import NewTitles
from recsys_core.reading.pieces import Piece, PieceRead, read_piece
from recsys_core.storage import atomic_directory, load_csr

__all__ = ["GramTask", "ListTask", "ReadTask", "gram", "lists", "read"]

_TO_ALL: Final = 0o777


@dataclass(frozen=True, slots=True)
class ReadTask:
    """A piece of a table's file, and the folder to make of it."""

    piece: Piece
    table: TableSpec
    directory: Path


def read(task: ReadTask) -> PieceRead:
    """Read a piece; what a worker that was lost has left of it does not count."""
    with _folder(task.directory) as directory:
        found = read_piece(task.piece, task.table, directory)
    return replace(found, directory=task.directory)


@dataclass(frozen=True, slots=True)
class GramTask:
    """Rows as :func:`recsys_core.storage.save_csr` wrote them, and where to put their Gram matrix."""

    rows: Path
    directory: Path


def gram(task: GramTask) -> Path:
    """XᵀX of some rows X, dense float32 of shape (n_columns, n_columns), as an .npy file."""
    with _folder(task.directory) as directory:
        rows = load_csr(task.rows)
        np.save(directory / "gram.npy", gram_of(rows))
    return task.directory / "gram.npy"


@dataclass(frozen=True, slots=True)
class ListTask:
    """A bundle that knows nobody, some people to know, and the folder for their lists."""

    bundle: Path
    known: Path
    k: int
    new_titles: NewTitles | None
    directory: Path


def lists(task: ListTask) -> Path:
    """The lists of some users, as :func:`recsys_core.bundle.recommend_all` makes them for all."""
    some = replace(_bundle(task.bundle), known=UserItemMatrix.load(task.known))
    with _folder(task.directory) as directory:
        recommend_all(some, task.k, new_titles=task.new_titles).save(directory)
    return task.directory


@lru_cache(maxsize=1)
def _bundle(directory: Path) -> ModelBundle:
    """Read once by each worker process."""
    return ModelBundle.load(directory)


@contextmanager
def _folder(target: Path) -> Iterator[Path]:
    """A new folder, whole or not there. Where the driver has opened its own to other users, it may read and remove this
    one, too, whoever the worker is."""
    with atomic_directory(target) as directory:
        yield directory
    if target.parent.stat().st_mode & 0o777 == _TO_ALL:
        for path in (target, *target.rglob("*")):
            path.chmod(_TO_ALL if path.is_dir() else 0o666)
