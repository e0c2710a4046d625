"""A made data set as a folder of files in MovieLens's format."""

import csv
import logging
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
from numpy.typing import NDArray

from recsys_core.blockwise import side_by_side
from recsys_core.errors import ParameterError
from recsys_core.storage import atomic_directory
from recsys_core.synthesis.catalogue import Catalogue
from recsys_core.synthesis.choosing import FirstRatings, choose
from recsys_core.synthesis.drawing import Stage, generator
from recsys_core.synthesis.people import People
from recsys_core.synthesis.rating import half_stars, times
from recsys_core.synthesis.shape import Shape
from recsys_core.synthesis.tagging import Genome, applied_tags, tag_name, tag_vocabulary

__all__ = ["write_folder"]

_USERS = 256  # drawn from one generator: another number gives other data
_GENOME_MOVIES = 512
_STARS = pa.array([""] + [f"{half / 2:.1f}" for half in range(1, 11)])
_T = TypeVar("_T")
_logger = logging.getLogger("recsys")


def write_folder(out: Path, shape: Shape, *, seed: int = 0, threads: int = 2) -> None:
    """Write ratings, movies, links, tags, genome-scores and genome-tags; ``out`` appears whole or not at all.

    The same seed and shape give the same bytes with any number of threads. Raises ParameterError where ``out`` is
    there already, other than as an empty folder.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ParameterError(f"{out} is there already and not empty; name a new folder, or remove it first")
    with atomic_directory(out) as staging:
        catalogue = Catalogue.drawn(shape, seed)
        _write_movies(staging, catalogue)
        vocabulary = tag_vocabulary(seed)
        people = People.drawn(shape, catalogue, seed)
        first_ratings = FirstRatings.drawn(shape, catalogue, people, seed)

        def rated(start: int) -> tuple[pa.Buffer, pa.Buffer]:
            users = range(start, min(start + _USERS, shape.n_users))
            random = generator(seed, Stage.RATINGS, start // _USERS)
            chosen = choose(catalogue, people, first_ratings, users, random)
            moments = times(people, chosen, random)
            halves = half_stars(catalogue, chosen, len(users), moments, random)
            ratings = [chosen.users + (start + 1), catalogue.ids[chosen.items], _STARS.take(pa.array(halves)), moments]
            n_tags = people.n_tags[users.start : users.stop]
            given = applied_tags(catalogue, vocabulary, chosen, moments, n_tags, random)
            tags = [given[0] + (start + 1), catalogue.ids[given[1]], _names(given[2]), given[3]]
            return _rows(ratings), _rows(tags)

        with (staging / "ratings.csv").open("wb") as ratings, (staging / "tags.csv").open("wb") as tags:
            ratings.write(b"userId,movieId,rating,timestamp\n")
            tags.write(b"userId,movieId,tag,timestamp\n")
            for done, (rating_rows, tag_rows) in enumerate(
                side_by_side(rated, range(0, shape.n_users, _USERS), threads=threads), start=1
            ):
                ratings.write(rating_rows)
                tags.write(tag_rows)
                _say(f"ratings of {min(done * _USERS, shape.n_users):,} of {shape.n_users:,} users")
        _say("genome")
        with (staging / "genome-tags.csv").open("wb") as opened:
            opened.write(b"tagId,tag\n")
            nums = np.arange(shape.n_genome_tags)
            opened.write(_rows([nums + 1, _names(nums)]))
        with (staging / "genome-scores.csv").open("wb") as opened:
            _write_genome(opened, shape, catalogue, Genome(vocabulary, shape.n_genome_tags, seed), threads)


def _write_genome(opened: BinaryIO, shape: Shape, catalogue: Catalogue, genome: Genome, threads: int) -> None:
    movies = catalogue.most_popular(shape.n_genome_movies)
    tag_ids = np.arange(1, shape.n_genome_tags + 1)

    def scored(start: int) -> pa.Buffer:
        items = movies[start : start + _GENOME_MOVIES]
        relevance = genome.relevance(catalogue.factors[items], start // _GENOME_MOVIES)
        ids = np.repeat(catalogue.ids[items], len(tag_ids))
        return _rows([ids, np.tile(tag_ids, len(items)), relevance.ravel()])

    opened.write(b"movieId,tagId,relevance\n")
    for rows in side_by_side(scored, range(0, len(movies), _GENOME_MOVIES), threads=threads):
        opened.write(rows)


def _write_movies(folder: Path, catalogue: Catalogue) -> None:
    ids = catalogue.ids.tolist()
    with (folder / "movies.csv").open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(("movieId", "title", "genres"))
        writer.writerows(zip(ids, catalogue.titles, catalogue.genres, strict=True))
    with (folder / "links.csv").open("w", encoding="utf-8", newline="") as opened:
        opened.write("movieId,imdbId,tmdbId\n")
        opened.writelines(f"{number},{number + 10_000:07d},{number + 7 if number % 500 else ''}\n" for number in ids)


def _names(ranks: NDArray[np.int64]) -> pa.Array:
    distinct, own = np.unique(ranks, return_inverse=True)
    return pa.array([tag_name(rank) for rank in distinct.tolist()], type=pa.string()).take(pa.array(own))


def _rows(columns: list[NDArray[np.int64] | pa.Array]) -> pa.Buffer:
    """Lines of a CSV file; no text in it needs quotes."""
    sink = pa.BufferOutputStream()
    table = pa.table(columns, names=[str(num) for num in range(len(columns))])
    pcsv.write_csv(table, sink, pcsv.WriteOptions(include_header=False, quoting_style="none"))
    return sink.getvalue()


def _say(message: str) -> None:
    _logger.info(message, extra={"passing": True})
