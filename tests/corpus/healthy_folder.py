"""A small healthy data folder, the same bytes each time: the ground on which corrupted inputs are made."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

__all__ = [
    "FEW_TRIALS",
    "FIRST_MOVIE",
    "HEALTHY_ROWS",
    "MOVIE_IDS",
    "N_USERS",
    "edit_lines",
    "lines_of",
    "write_healthy_folder",
]

N_USERS: Final = 30
MOVIE_IDS: Final = tuple(range(101, 221, 3))  # 40 movies; no user has an id that is also a movie's
FIRST_MOVIE: Final = MOVIE_IDS[0]
_GENRES: Final = ("Comedy", "Drama", "Horror", "Sci-Fi")
_N_TAGS: Final = 20
_FIRST_MOMENT: Final = 1_500_000_000  # 2017-07-14

HEALTHY_ROWS: Final = {
    "ratings": 615,
    "movies": 40,
    "links": 40,
    "tags": 60,
    "genome_scores": 800,
    "genome_tags": 20,
}
"""Rows of each table; the last movie has no rating and no tag."""

FEW_TRIALS: Final = (
    "tuning: {n_trials_als: 3, n_trials_ease: 2, n_trials_blend: 4, n_trials_gate: 3,"
    " als: {factors: 8, iterations: 3}}\n"
)
"""A configuration for tests that ask what is done and not how well."""


def write_healthy_folder(folder: Path) -> None:
    """Write six CSV files with two groups of users, each fond of two genres."""
    rng = np.random.default_rng(7)
    folder.mkdir(parents=True, exist_ok=True)
    movies = [
        (movie_id, f"Movie {number:02d}, The ({1980 + number})", "|".join(_genres_of(number)))
        for number, movie_id in enumerate(MOVIE_IDS)
    ]
    _write(folder / "movies.csv", ("movieId", "title", "genres"), movies)
    _write(folder / "ratings.csv", ("userId", "movieId", "rating", "timestamp"), _ratings(rng))
    links = [(movie_id, f"{movie_id:07d}", "" if movie_id == MOVIE_IDS[5] else movie_id * 2) for movie_id in MOVIE_IDS]
    _write(folder / "links.csv", ("movieId", "imdbId", "tmdbId"), links)
    tags = [
        (1 + number % N_USERS, MOVIE_IDS[number % 39], f"tag {number % 7}", _FIRST_MOMENT + number)
        for number in range(HEALTHY_ROWS["tags"])
    ]
    _write(folder / "tags.csv", ("userId", "movieId", "tag", "timestamp"), tags)
    scores = [
        (movie_id, tag_id, round(float(rng.random()), 5)) for movie_id in MOVIE_IDS for tag_id in range(1, _N_TAGS + 1)
    ]
    _write(folder / "genome_scores.csv", ("movieId", "tagId", "relevance"), scores)
    _write(folder / "genome_tags.csv", ("tagId", "tag"), [(tag, f"genome tag {tag}") for tag in range(1, _N_TAGS + 1)])


def _genres_of(number: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys((_GENRES[number % 4], _GENRES[(number // 4) % 4])))


def _ratings(rng: np.random.Generator) -> Iterable[tuple[int, int, float, int]]:
    moment = _FIRST_MOMENT
    for user_id in range(1, N_USERS + 1):
        chosen = np.sort(rng.permutation(len(MOVIE_IDS) - 1)[: 16 + user_id % 10])
        for number in chosen:
            liked = number % 2 == user_id % 2
            rating = (4.0 if liked else 2.0) + float(rng.integers(-1, 3)) / 2
            moment += 977
            yield user_id, MOVIE_IDS[number], rating, moment


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def lines_of(path: Path) -> list[str]:
    """The file's lines without their ends; line n of the file is entry n - 1."""
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def edit_lines(path: Path, lines: Iterable[str]) -> None:
    """Replace the file's content by ``lines``."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="")
