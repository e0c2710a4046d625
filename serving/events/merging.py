"""Ratings that people gave, added to a copy of a data folder."""

import shutil
import tempfile
from pathlib import Path

from recsys_core.dataset.schema import MOVIELENS
from recsys_core.errors import DataError
from recsys_core.reading import locate_table
from recsys_core.storage import atomic_directory
from serving.events.export import export_ratings
from serving.events.store import EventStore

__all__ = ["merge_ratings"]


def merge_ratings(store: EventStore, data_dir: Path, out: Path) -> int:
    """Copy the CSV files of ``data_dir`` to ``out`` with each person's latest ratings added; how many these are.

    ``out`` appears whole or not at all. Raises DataError when it is there already, or when ``data_dir`` has no
    ratings.csv or one whose columns stand in another order.
    """
    ratings = locate_table(data_dir, MOVIELENS.table("ratings"))
    assert ratings is not None, "a data set cannot be without"
    if out.exists():
        raise DataError(f"{out}: is there already; name a folder that is not, or remove it")
    with tempfile.TemporaryDirectory(prefix="recsys-feedback-") as folder:
        drop = Path(folder) / "ratings.csv"
        n_ratings = export_ratings(store, drop)
        with atomic_directory(out) as staging:
            for path in sorted(data_dir.glob("*.csv")):
                shutil.copyfile(path, staging / path.name)
            _append(staging / ratings.name, drop)
    return n_ratings


def _append(ratings: Path, drop: Path) -> None:
    """Add the lines of ``drop`` to ``ratings``; their columns must stand in the same order."""
    with ratings.open("r+b") as target, drop.open("rb") as added:
        head, wanted = target.readline().strip().lstrip(b"\xef\xbb\xbf"), added.readline().strip()
        if head.replace(b'"', b"") != wanted:
            raise DataError(
                f"{ratings.name}: its columns are {head.decode(errors='replace')}, expected {wanted.decode()}"
            )
        target.seek(-1, 2)
        if target.read(1) != b"\n":
            target.write(b"\n")
        target.seek(0, 2)
        shutil.copyfileobj(added, target)
