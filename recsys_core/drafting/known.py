"""Published data sets that are declared exactly, and known by their files."""

import csv
import io
from itertools import islice
from pathlib import Path
from typing import Final

from recsys_core.dataset.declaration import KNOWN_DATASETS, MOVIELENS, read_dataset
from recsys_core.dataset.schema import DatasetSpec, TableSpec
from recsys_core.errors import DataError
from recsys_core.reading.header import read_header
from recsys_core.reading.opening import open_csv

__all__ = ["KNOWN", "known_dataset", "reads_as"]

KNOWN: Final = tuple(path for path in sorted(KNOWN_DATASETS.glob("*.yaml")) if path.stem != MOVIELENS.name)
_MOST: Final = (1_000, 100_000)  # rows of interactions, and of items


def known_dataset(folder: Path) -> Path | None:
    """The declaration of the published data set that is in ``folder``."""
    return next((path for path in KNOWN if reads_as(read_dataset(path), folder)), None)


def reads_as(declared: DatasetSpec, folder: Path) -> bool:
    """Whether ``folder`` has the files of ``declared``, with its columns and, in their first rows, its values."""
    ratings = declared.table("ratings")
    needed = [ratings, declared.table("movies")]
    if not all((folder / table.file).is_file() for table in needed):
        return False
    try:
        rows = {
            table.name: _first_rows(folder / table.file, table, most) for table, most in zip(needed, _MOST, strict=True)
        }
    except (DataError, csv.Error, ValueError):
        return False
    place, item = (ratings.column_names.index(name) for name in ("rating", "item_id"))
    known = {row[needed[1].column_names.index("item_id")] for row in rows["movies"]}
    n_known = sum(row[item] in known for row in rows["ratings"])
    on_scale = all(float(row[place]) in declared.feedback.values for row in rows["ratings"])
    return on_scale and 2 * n_known >= len(rows["ratings"])


def _first_rows(path: Path, table: TableSpec, most: int) -> list[list[str]]:
    """Cells, of ``most`` rows, of the required columns, in their order."""
    with open_csv(path, table.format) as opened:
        header = read_header(opened.stream, path.name, table, max_line_bytes=1 << 20)
        rows = list(islice(csv.reader(io.TextIOWrapper(opened.stream, encoding="utf-8", newline="")), most))
    if any(len(row) != len(header.names) for row in rows):
        raise DataError(f"{path}: has rows of other columns than {', '.join(header.names)}")
    places = [header.names.index(name) for name in table.column_names if name in header.names]
    return [[row[place] for place in places] for row in rows]
