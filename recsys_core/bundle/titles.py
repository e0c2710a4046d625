"""Titles, genres and years of the catalogue."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys_core.dataset.interactions import positions_in
from recsys_core.errors import ShapeError, StorageError
from recsys_core.features.text import year_of

__all__ = ["TITLES_SCHEMA", "Titles"]

TITLES_SCHEMA = pa.schema(
    [
        pa.field("movieId", pa.int64(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("genres", pa.string()),
        pa.field("year", pa.int32()),
    ]
)


@dataclass(frozen=True, eq=False)
class Titles:
    """What people read of the catalogue: a table of :data:`TITLES_SCHEMA`, sorted by movieId."""

    table: pa.Table

    def __post_init__(self) -> None:
        if not self.table.schema.equals(TITLES_SCHEMA):
            raise ShapeError(f"titles have columns {self.table.schema.names}, expected {TITLES_SCHEMA.names}")

    @classmethod
    def of_movies(cls, movies: pa.Table) -> Self:
        """From the validated movies table (movieId, title, genres); the year comes from the title."""
        movies = movies.select(["movieId", "title", "genres"]).sort_by("movieId")
        years = pa.array([year_of(title or "") for title in movies["title"].to_pylist()], type=pa.int32())
        return cls(movies.append_column("year", years).cast(TITLES_SCHEMA))

    @cached_property
    def item_ids(self) -> NDArray[np.int64]:
        """Ids of the catalogue, of shape (n_titles,), sorted."""
        return np.asarray(self.table["movieId"].to_numpy(), dtype=np.int64)

    def title(self, item_id: int) -> str:
        """The title of a movie; one that is not in the catalogue is called by its id."""
        place = int(positions_in(self.item_ids, np.asarray([item_id], dtype=np.int64))[0])
        return str(self.table["title"][place].as_py()) if place >= 0 else f"movie {item_id}"

    def save(self, path: Path) -> None:
        pq.write_table(self.table, path)

    @classmethod
    def load(cls, path: Path) -> Self:
        try:
            return cls(pq.read_table(path).cast(TITLES_SCHEMA))
        except (OSError, ValueError, pa.ArrowException) as error:
            raise StorageError(f"{path}: cannot be read as titles ({error}); make it again") from error
