"""Titles, genres, years and links of the catalogue."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys_core.dataset.addresses import Address
from recsys_core.dataset.ids import INTEGERS, Id, Ids
from recsys_core.dataset.numbering import positions_in
from recsys_core.dataset.schema import DatasetSpec
from recsys_core.dataset.table_folders import TableFolder
from recsys_core.errors import ParameterError, ShapeError, StorageError
from recsys_core.features.text import years_of

__all__ = ["TITLES_SCHEMA", "Title", "Titles"]

TITLES_SCHEMA = pa.schema(
    [
        pa.field("item_id", pa.int64(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("genres", pa.string()),
        pa.field("year", pa.int32()),
        pa.field("imdb_id", pa.string()),
        pa.field("tmdb_id", pa.int64()),
        pa.field("picture_url", pa.string()),
        pa.field("link_url", pa.string()),
        pa.field("text_id", pa.string()),  # what item_id is called, where ids are texts
    ]
)
"""Of :class:`Titles`: one row for each item, sorted by item_id."""
_BEFORE = {"movieId": "item_id", "imdbId": "imdb_id", "tmdbId": "tmdb_id"}
_NO_GENRES = "(no genres listed)"


@dataclass(frozen=True, slots=True)
class Title:
    """One movie as people read it; ``imdb_id`` is without the letters "tt"."""

    movie_id: Id
    title: str
    year: int | None
    genres: tuple[str, ...]
    imdb_id: str | None
    tmdb_id: int | None
    picture_url: str | None = None
    link_url: str | None = None

    @classmethod
    def nameless(cls, movie_id: Id) -> Self:
        """One that is not in the catalogue, called by its id."""
        return cls(movie_id, f"title {movie_id}", None, (), None, None)


@dataclass(frozen=True, eq=False)
class Titles:
    """What people read of the catalogue: a table of :data:`TITLES_SCHEMA`, sorted by item_id."""

    table: pa.Table

    def __post_init__(self) -> None:
        if not self.table.schema.equals(TITLES_SCHEMA):
            raise ShapeError(f"titles have columns {self.table.schema.names}, expected {TITLES_SCHEMA.names}")

    @classmethod
    def of_movies(
        cls,
        movies: pa.Table,
        links: pa.Table | None = None,
        *,
        ids: Ids = INTEGERS,
        picture: Address | None = None,
        link: Address | None = None,
    ) -> Self:
        """From the validated movies table (item_id, title, genres) and the links table (item_id, imdb_id, tmdb_id).

        The year comes from its column, or else from the title. A movie without a link has none. ``ids``: what the
        item_id are called; ``picture`` and ``link``: how addresses are made of further columns.
        """
        movies = movies.sort_by("item_id")
        named = movies.set_column(movies.column_names.index("item_id"), "item_id", ids.column(_numbers(movies)))
        addresses = [_made(address, named) for address in (picture, link)]
        years = pa.array(years_of(movies), type=pa.int32())
        movies = movies.select(["item_id", "title", "genres"]).append_column("year", years)
        texts = pa.nulls(movies.num_rows, pa.string()) if ids.texts is None else ids.column(_numbers(movies))
        titles = _with_links(movies, links)
        for name, column in zip(("picture_url", "link_url", "text_id"), (*addresses, texts), strict=True):
            titles = titles.append_column(name, column)
        return cls(titles.cast(TITLES_SCHEMA))

    @classmethod
    def of_tables(cls, movies: TableFolder, links: TableFolder, dataset: DatasetSpec) -> Self:
        """:meth:`of_movies` of the validated tables, with the ids and addresses that ``dataset`` declares."""
        ids = movies.ids("item_id")
        return cls.of_movies(movies.read(), links.read(), ids=ids, picture=dataset.picture, link=dataset.link)

    @cached_property
    def item_ids(self) -> NDArray[np.int64]:
        """Ids of the catalogue, of shape (n_titles,), sorted."""
        return np.asarray(self.table["item_id"].to_numpy(), dtype=np.int64)

    @cached_property
    def ids(self) -> Ids:
        """What :attr:`item_ids` are called."""
        texts = self.table["text_id"].combine_chunks()
        return Ids(self.item_ids, texts) if len(texts) and texts.null_count == 0 else INTEGERS

    def place_of(self, name: Id) -> int:
        """Where the movie called ``name`` is among :attr:`all`, -1 where it is not."""
        return int(positions_in(self.item_ids, self.ids.numbers_of([name]))[0])

    def title(self, item_id: int) -> str:
        """The title of a movie; one that is not in the catalogue is called by its id."""
        return self.describe(item_id).title

    def describe(self, item_id: int) -> Title:
        """All that is known of a movie; one that is not in the catalogue is called by its id."""
        return self._by_id.get(item_id) or Title.nameless(item_id)

    @cached_property
    def _by_id(self) -> dict[int, Title]:
        """:attr:`all`; for the titles of a list a search in an array each takes several times longer."""
        return dict(zip(self.item_ids.tolist(), self.all, strict=True))

    @cached_property
    def all(self) -> list[Title]:
        """Every movie, in the order of :attr:`item_ids`."""
        columns: list[list[Any]] = [self.table[name].to_pylist() for name in TITLES_SCHEMA.names]
        return [
            Title(
                number if text is None else text, title, year, _genres(genres), imdb_id or None, tmdb_id, picture, link
            )
            for number, title, genres, year, imdb_id, tmdb_id, picture, link, text in zip(*columns, strict=True)
        ]

    @cached_property
    def genres(self) -> dict[str, NDArray[np.bool_]]:
        """For each genre of the catalogue, by name, which movies have it: bool of shape (n_titles,)."""
        found: dict[str, NDArray[np.bool_]] = {}
        for num, title in enumerate(self.all):
            for genre in title.genres:
                found.setdefault(genre, np.zeros(len(self.all), dtype=bool))[num] = True
        return dict(sorted(found.items()))

    def matching(
        self, genres: Iterable[str] = (), year_from: int | None = None, year_to: int | None = None
    ) -> NDArray[np.bool_]:
        """Which movies have one of ``genres`` (in whatever case) and lie within the years: bool (n_titles,).

        A genre that no title has is a :class:`ParameterError` that names those there are.
        """
        kept = np.ones(len(self.item_ids), dtype=bool)
        wanted = list(genres)
        if wanted:
            by_name = {name.casefold(): mask for name, mask in self.genres.items()}
            unknown = [name for name in wanted if name.strip().casefold() not in by_name]
            if unknown:
                raise ParameterError(f"genres: no title is of {unknown[0]!r}; expected one of {', '.join(self.genres)}")
            kept = np.any([by_name[name.strip().casefold()] for name in wanted], axis=0)
        if year_from is not None:
            kept &= self._years >= year_from
        if year_to is not None:
            kept &= (self._years <= year_to) & (self._years > 0)
        return kept

    @cached_property
    def years(self) -> tuple[int, int] | None:
        """The first and the last year of a title; None where no title has one."""
        known = self._years[self._years > 0]
        return (int(known.min()), int(known.max())) if len(known) else None

    @cached_property
    def _years(self) -> NDArray[np.int64]:
        """0 where the year is not known."""
        return np.asarray(pc.fill_null(self.table["year"], 0).to_numpy(), dtype=np.int64)

    def save(self, path: Path) -> None:
        pq.write_table(self.table, path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what :meth:`save` wrote; a file from before there were links or text ids is read without them.

        Files from before names were canonical have MovieLens's.
        """
        try:
            table = pq.read_table(path)
            table = table.rename_columns([_BEFORE.get(name, name) for name in table.column_names])
            for field in TITLES_SCHEMA:
                if field.nullable and field.name not in table.column_names:
                    table = table.append_column(field, pa.nulls(table.num_rows, field.type))
            return cls(table.select(TITLES_SCHEMA.names).cast(TITLES_SCHEMA))
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise StorageError(f"{path}: cannot be read as titles ({error}); make it again") from error


def _numbers(movies: pa.Table) -> NDArray[np.int64]:
    return np.asarray(movies["item_id"].to_numpy(), dtype=np.int64)


def _made(address: Address | None, movies: pa.Table) -> pa.Array:
    if address is None:
        return pa.nulls(movies.num_rows, pa.string())
    rows = movies.select(list(dict.fromkeys(address.columns))).to_pylist()
    return pa.array([address.of(row) for row in rows], type=pa.string())


def _with_links(titles: pa.Table, links: pa.Table | None) -> pa.Table:
    """``titles`` with the columns imdb_id (7 digits or more, as text) and tmdb_id."""
    imdb: dict[int, str | None] = {}
    tmdb: dict[int, int | None] = {}
    if links is not None:
        columns = (links[name].to_pylist() for name in ("item_id", "imdb_id", "tmdb_id"))
        for movie_id, imdb_id, tmdb_id in zip(*columns, strict=True):
            imdb[movie_id] = str(imdb_id).zfill(7) if imdb_id not in (None, "") else None
            tmdb[movie_id] = tmdb_id
    ids = titles["item_id"].to_pylist()
    titles = titles.append_column("imdb_id", pa.array([imdb.get(movie_id) for movie_id in ids], type=pa.string()))
    return titles.append_column("tmdb_id", pa.array([tmdb.get(movie_id) for movie_id in ids], type=pa.int64()))


def _genres(text: str | None) -> tuple[str, ...]:
    return tuple(name for name in (text or "").split("|") if name and name != _NO_GENRES)
