"""Ratings that people gave, as a file for the next training run."""

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.ids import Id
from recsys_core.errors import ParameterError
from recsys_core.storage import atomic_file
from serving.events.errors import EventStoreError
from serving.events.store import EventStore

__all__ = ["export_ratings", "latest_rows"]

_SCHEMA = pa.schema([pa.field(c.in_file, c.arrow_type, nullable=False) for c in MOVIELENS.table("ratings").columns])
_ROWS_AT_ONCE = 50_000
_Row = tuple[Id, Id, float, int]


def export_ratings(store: EventStore, path: str | Path) -> int:
    """Write each person's latest rating of each movie, by user and movie, and return how many there are.

    ``path`` ends in .csv (MovieLens's ratings.csv) or .parquet (the same columns). The file appears whole or not
    at all. Raises ParameterError for another ending, EventStoreError if ``path`` cannot be written.
    """
    path = Path(path)
    writers = {".csv": _write_csv, ".parquet": _write_parquet}
    if path.suffix.lower() not in writers:
        raise ParameterError(f"{path}: expected a name that ends in .csv or .parquet")
    try:
        with atomic_file(path) as staging:
            return writers[path.suffix.lower()](latest_rows(store), staging)
    except OSError as error:
        raise EventStoreError(f"{path}: the ratings cannot be written ({error.strerror or error})") from error


def latest_rows(store: EventStore) -> Iterator[_Row]:
    """Each person's latest rating of each movie: user id, movie id, rating, seconds since 1970."""
    for event in store.latest_ratings():
        if event.movie_id is not None and event.rating is not None:
            yield event.user_id, event.movie_id, event.rating, event.timestamp


def _write_csv(rows: Iterator[_Row], path: Path) -> int:
    n_rows = 0
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(_SCHEMA.names)
        while some := list(islice(rows, _ROWS_AT_ONCE)):
            writer.writerows(some)
            n_rows += len(some)
    return n_rows


def _write_parquet(rows: Iterator[_Row], path: Path) -> int:
    n_rows = 0
    some = list(islice(rows, _ROWS_AT_ONCE))
    schema = _schema_of(some[0]) if some else _SCHEMA
    with pq.ParquetWriter(path, schema) as writer:
        while some:
            columns = [
                pa.array(values, field.type) for values, field in zip(zip(*some, strict=True), schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            n_rows += len(some)
            some = list(islice(rows, _ROWS_AT_ONCE))
    return n_rows


def _schema_of(row: _Row) -> pa.Schema:
    """The columns, those of ids being texts where the ids are."""
    schema = _SCHEMA
    for number, name in enumerate(row[:2]):
        if isinstance(name, str):
            schema = schema.set(number, schema.field(number).with_type(pa.string()))
    return schema
