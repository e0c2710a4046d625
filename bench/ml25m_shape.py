"""A folder in ml-25m's shape, drawn at random: for time and memory, never for accuracy.

62,423 movies, a dense genome of 13,816 movies × 1,128 tags (15.6 million rows) and, by default, 2 million ratings by
162,541 people; people and movies are drawn with long-tailed popularity. The same seed gives the same bytes.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
from numpy.typing import NDArray

__all__ = ["write_folder"]

_GENRES = ["Action", "Comedy", "Crime", "Documentary", "Drama", "Horror", "Romance", "Sci-Fi", "Thriller"]
_CHUNK = 1_000_000


def write_folder(
    out: Path,
    *,
    n_ratings: int = 2_000_000,
    n_users: int = 162_541,
    n_movies: int = 62_423,
    n_genome_movies: int = 13_816,
    n_tags: int = 1_128,
    seed: int = 0,
) -> None:
    """Write ratings, movies, links, tags, genome-scores and genome-tags in MovieLens's format."""
    out.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    movie_ids = np.sort(random.choice(np.arange(1, 209_172), size=n_movies, replace=False))
    _write(out / "movies.csv", _movies(movie_ids, random))
    _write(
        out / "links.csv",
        pa.table({"movieId": movie_ids, "imdbId": [f"{number:07d}" for number in movie_ids], "tmdbId": movie_ids + 7}),
    )
    users, items = _pairs(random, n_ratings, n_users, n_movies)
    ratings = {"userId": users + 1, "movieId": movie_ids[items], "rating": random.integers(1, 11, len(users)) / 2}
    times = random.integers(1_000_000_000, 1_574_000_000, size=len(users))
    _write(out / "ratings.csv", pa.table({**ratings, "timestamp": times}))
    tagged = random.integers(0, len(users), size=min(100_000, len(users)))
    words = [f"word {number}" for number in random.integers(0, 5_000, size=len(tagged))]
    given = {"userId": users[tagged] + 1, "movieId": movie_ids[items[tagged]], "tag": words}
    _write(out / "tags.csv", pa.table({**given, "timestamp": 1_500_000_000 + np.arange(len(tagged))}))
    tag_ids = np.arange(1, n_tags + 1)
    _write(out / "genome-tags.csv", pa.table({"tagId": tag_ids, "tag": [f"tag {number}" for number in tag_ids]}))
    genome_movies = np.sort(random.choice(movie_ids, size=n_genome_movies, replace=False))
    _write_chunks(out / "genome-scores.csv", _genome(genome_movies, tag_ids, random))


def _movies(movie_ids: NDArray[np.int64], random: np.random.Generator) -> pa.Table:
    years = random.integers(1930, 2020, size=len(movie_ids))
    drawn = random.integers(0, len(_GENRES), size=(2, len(movie_ids)))
    titles = [f"Film {i}, The ({year})" for i, year in zip(movie_ids, years, strict=True)]
    genres = ["|".join(dict.fromkeys(_GENRES[num] for num in pair)) for pair in drawn.T]
    return pa.table({"movieId": movie_ids, "title": titles, "genres": genres})


def _pairs(
    random: np.random.Generator, n_ratings: int, n_users: int, n_movies: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Unique (user, movie) pairs, sorted by user; a little fewer than asked for where draws coincide."""
    users = (n_users * random.random(n_ratings) ** 1.5).astype(np.int64)
    items = random.permutation(n_movies)[(n_movies * random.random(n_ratings) ** 3).astype(np.int64)]
    keys = np.unique(users * n_movies + items)
    return keys // n_movies, keys % n_movies


def _genome(
    movie_ids: NDArray[np.int64], tag_ids: NDArray[np.int64], random: np.random.Generator
) -> Iterator[pa.Table]:
    at_once = max(1, _CHUNK // len(tag_ids))
    for start in range(0, len(movie_ids), at_once):
        movies = movie_ids[start : start + at_once]
        relevance = np.round(random.beta(0.6, 4.0, size=len(movies) * len(tag_ids)), 5)
        yield pa.table(
            {"movieId": np.repeat(movies, len(tag_ids)), "tagId": np.tile(tag_ids, len(movies)), "relevance": relevance}
        )


def _write(path: Path, table: pa.Table) -> None:
    _write_chunks(path, iter([table]))


def _write_chunks(path: Path, tables: Iterator[pa.Table]) -> None:
    first = next(tables)
    header = ",".join(first.column_names) + "\n"
    with path.open("wb") as opened:
        opened.write(header.encode())
        options = pcsv.WriteOptions(include_header=False, quoting_style="needed")
        with pcsv.CSVWriter(opened, first.schema, write_options=options) as writer:
            writer.write_table(first)
            for table in tables:
                writer.write_table(table)
