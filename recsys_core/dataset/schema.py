"""The one place where file names, column names, types and value ranges are declared."""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.relevance import RelevanceParameters
from recsys_core.errors import ParameterError

__all__ = ["MOVIELENS", "TABLE_NAMES", "ColumnSpec", "DatasetSpec", "TableSpec"]

ColumnType = Literal["id", "int", "float", "text", "timestamp"]
TABLE_NAMES = ("ratings", "movies", "links", "tags", "genome_scores", "genome_tags")

_ARROW_TYPES: dict[str, pa.DataType] = {
    "id": pa.int64(),
    "int": pa.int64(),
    "float": pa.float64(),
    "text": pa.string(),
    "timestamp": pa.int64(),
}


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One declared column.

    ``type`` "id" is a positive integer that fits 31 bits; "timestamp" is seconds since 1970, UTC.
    ``nullable`` columns may be empty (MovieLens leaves some tmdbId empty).
    ``minimum`` and ``maximum`` are inclusive.
    """

    name: str
    type: ColumnType
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    description: str = ""

    @property
    def arrow_type(self) -> pa.DataType:
        return _ARROW_TYPES[self.type]


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One declared table: its files' names without ending, its columns, its key and its references.

    ``key`` columns are unique together. ``keep_newest_by`` names the column by which one of several rows
    with the same key is kept. ``references`` maps a column to the (table, column) in which it must occur.
    """

    name: str
    columns: tuple[ColumnSpec, ...]
    file_stems: tuple[str, ...]
    required: bool
    key: tuple[str, ...]
    keep_newest_by: str | None = None
    references: tuple[tuple[str, str, str], ...] = ()  # (column, other table, other column)
    description: str = ""

    def column(self, name: str) -> ColumnSpec:
        for column in self.columns:
            if column.name == name:
                return column
        raise ParameterError(
            f"table {self.name} declares no column {name!r}; it declares {', '.join(self.column_names)}"
        )

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, c.arrow_type, nullable=c.nullable) for c in self.columns])


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """A data set: its tables, its rating scale, the first plausible moment of a timestamp, and what counts as liked."""

    name: str
    tables: tuple[TableSpec, ...]
    feedback: Feedback
    earliest_timestamp: int
    relevance: RelevanceParameters

    def table(self, name: str) -> TableSpec:
        for table in self.tables:
            if table.name == name:
                return table
        raise ParameterError(f"data set {self.name} declares no table {name!r}")


def _stems(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((name, name.replace("_", "-"))))


_SCALE = Feedback(0.5, 5.0, 0.5)
_USER = ColumnSpec("userId", "id", description="MovieLens user id")
_MOVIE = ColumnSpec("movieId", "id", description="MovieLens movie id")
_TAG_ID = ColumnSpec("tagId", "id", description="id of a tag in genome_tags")
_TIME = ColumnSpec("timestamp", "timestamp", description="seconds since 1970-01-01 00:00 UTC")
_KNOWN_MOVIE = (("movieId", "movies", "movieId"),)

MOVIELENS = DatasetSpec(
    name="movielens",
    feedback=_SCALE,
    relevance=RelevanceParameters(),
    earliest_timestamp=788_918_400,  # 1995-01-01: the year of the first MovieLens-type ratings
    tables=(
        TableSpec(
            "ratings",
            (
                _USER,
                _MOVIE,
                ColumnSpec(
                    "rating",
                    "float",
                    minimum=_SCALE.minimum,
                    maximum=_SCALE.maximum,
                    description="stars, on the data set's declared scale",
                ),
                _TIME,
            ),
            _stems("ratings"),
            required=True,
            key=("userId", "movieId"),
            keep_newest_by="timestamp",
            references=_KNOWN_MOVIE,
            description="one user's rating of one movie",
        ),
        TableSpec(
            "movies",
            (
                _MOVIE,
                ColumnSpec("title", "text", description="title with the year of release in parentheses"),
                ColumnSpec("genres", "text", description="genres, separated by |"),
            ),
            _stems("movies"),
            required=True,
            key=("movieId",),
            description="the catalogue",
        ),
        TableSpec(
            "links",
            (
                _MOVIE,
                ColumnSpec("imdbId", "text", nullable=True, description="IMDb id without its tt"),
                ColumnSpec("tmdbId", "id", nullable=True, description="The Movie Database id"),
            ),
            _stems("links"),
            required=False,
            key=("movieId",),
            references=_KNOWN_MOVIE,
            description="ids of the movie at IMDb and TMDB",
        ),
        TableSpec(
            "tags",
            (_USER, _MOVIE, ColumnSpec("tag", "text", description="free text by a user"), _TIME),
            _stems("tags"),
            required=False,
            key=("userId", "movieId", "tag"),
            keep_newest_by="timestamp",
            references=_KNOWN_MOVIE,
            description="free-text tags that users gave to movies",
        ),
        TableSpec(
            "genome_scores",
            (
                _MOVIE,
                _TAG_ID,
                ColumnSpec("relevance", "float", minimum=0.0, maximum=1.0, description="how strongly the tag applies"),
            ),
            _stems("genome_scores"),
            required=False,
            key=("movieId", "tagId"),
            references=(("movieId", "movies", "movieId"), ("tagId", "genome_tags", "tagId")),
            description="the tag genome: relevance of a tag to a movie",
        ),
        TableSpec(
            "genome_tags",
            (_TAG_ID, ColumnSpec("tag", "text", description="the tag's text")),
            _stems("genome_tags"),
            required=False,
            key=("tagId",),
            description="the tags of the tag genome",
        ),
    ),
)
