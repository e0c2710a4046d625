"""Ratings that people gave, added to a copy of a data folder."""

import csv
import shutil
from collections.abc import Iterable
from pathlib import Path

from recsys_core.dataset.declaration import dataset_in
from recsys_core.dataset.ids import Id
from recsys_core.dataset.schema import TableSpec
from recsys_core.errors import DataError
from recsys_core.reading import locate_table
from recsys_core.reading.header import Header, read_header
from recsys_core.storage import atomic_directory
from serving.events.export import latest_rows
from serving.events.store import EventStore

__all__ = ["merge_ratings"]

_LONGEST_HEADER = 1 << 20


def merge_ratings(store: EventStore, data_dir: Path, out: Path, *, declared: Path | None = None) -> int:
    """Copy the files of ``data_dir`` to ``out`` with each person's latest ratings added; how many these are.

    ``declared`` is the file that declares the data; without one dataset.yaml in the folder does.
    ``out`` appears whole or not at all. Raises DataError when it is there already, or when the interactions of
    ``data_dir`` are not there or no text with commas: nothing can be added to the end of another file.
    """
    dataset = dataset_in(data_dir, declared)
    table = dataset.table("ratings")
    ratings = locate_table(data_dir, table)
    assert ratings is not None, "a data set cannot be without"
    if out.exists():
        raise DataError(f"{out}: is there already; name a folder that is not, or remove it")
    if not ratings.is_file() or ratings.suffix.lower() != ".csv" or table.format.names:
        raise DataError(f"{ratings}: ratings can only be added to CSV text with a header; save it as {table.name}.csv")
    header = _header(ratings, table)
    with atomic_directory(out) as staging:
        shutil.copytree(data_dir, staging, dirs_exist_ok=True)
        rows = (row for row in latest_rows(store) if not dataset.feedback.takes_back(row[2]))
        return _append(staging / ratings.relative_to(data_dir), table, header, rows)


def _header(ratings: Path, table: TableSpec) -> Header:
    with ratings.open("rb") as opened:
        return read_header(opened, str(ratings), table, max_line_bytes=_LONGEST_HEADER)


def _append(ratings: Path, table: TableSpec, header: Header, rows: Iterable[tuple[Id, Id, float, int]]) -> int:
    """Add ``rows`` to the file, each value in its column; other columns stay empty."""
    per_second = table.column("timestamp").per_second
    n_rows = 0
    with ratings.open("r+b") as opened:
        opened.seek(-1, 2)
        ends = opened.read(1) == b"\n"
    with ratings.open("a", encoding="utf-8", newline="") as opened:
        if not ends:
            opened.write("\n")
        writer = csv.writer(opened, lineterminator="\n")
        for user_id, item_id, rating, timestamp in rows:
            values = {"user_id": user_id, "item_id": item_id, "rating": rating, "timestamp": timestamp * per_second}
            writer.writerow([values.get(name, "") for name in header.names])
            n_rows += 1
    return n_rows
