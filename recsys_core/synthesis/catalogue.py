"""The movies: what they are like, how popular, from when, and what is written about them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_core.synthesis.alias import AliasTables
from recsys_core.synthesis.drawing import FACTOR_WEIGHTS, FACTORS, Stage, generator, gumbel
from recsys_core.synthesis.shape import Shape
from recsys_core.synthesis.words import Vocabulary, spelled

__all__ = ["FIRST_YEAR", "LAST_YEAR", "Catalogue", "chances_in"]

FIRST_YEAR = 1995  # of ratings
LAST_YEAR = 2019
_OLDEST = 1902
_GENRES = {  # how many movies of ml-25m, in thousands
    "Action": 7.3, "Adventure": 4.1, "Animation": 2.9, "Children": 2.9, "Comedy": 16.9, "Crime": 5.3,
    "Documentary": 5.6, "Drama": 25.6, "Fantasy": 2.7, "Film-Noir": 0.4, "Horror": 6.0, "IMAX": 0.2, "Musical": 1.1,
    "Mystery": 2.9, "Romance": 7.7, "Sci-Fi": 3.6, "Thriller": 8.7, "War": 1.9, "Western": 1.4,
}  # fmt: skip
_N_GENRES = (0.40, 0.33, 0.19, 0.06, 0.02)  # movies with one, two, …
_WITHOUT_GENRES = 0.08
_GENRE_STRENGTH = 1.5
_GENRE_SHARE = 0.35  # of the variance of what movies are like
_IN_SEASON = {"Horror": (10,), "Children": (11, 12), "Action": (6, 7), "Romance": (2,)}
_SEASON_BONUS = 0.8  # of the logarithm of the chance
_DECAY = 16.2  # popularity = exp(-_DECAY * (rank / n_rated)^_BEND); taste flattens it to that of ml-25m
_BEND = 0.355
_FRESH = 3.0
_FRESH_YEARS = 3.0
_FUNCTION_WORDS = ("the", "of", "a", "and", "in", "to", "la", "le", "de", "on", "my", "for", "with", "from")
_FUNCTION_SHARE = 0.15  # of words
_ARTICLE_SHARE = 0.15  # of titles
_MORE_WORDS = 2.4  # in a title on average, after the first
_TITLE_WORDS = {"exponent": 1.65, "offset": 1000.0}
_LARGEST_ID = 209_171 / 62_423  # over the number of movies


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """Movies in the order of their ids.

    ids         int64 (n_movies,), rising
    factors     float32 (n_movies, FACTORS): what a movie is like; genres, words, tags and genome follow from it
    years       int64 (n_movies,): of release
    popularity  float64 (n_movies,), the sum is 1; 0 for those that nobody rates
    quality     float32 (n_movies,), in stars around 0
    genres      for each movie the numbers of its genres
    titles      with the year
    in_season   float32 (13, n_movies): by month from 1 on, what is added to the logarithm of the chance
    by_year     which movies are rated in a year, the tables from FIRST_YEAR on
    """

    ids: NDArray[np.int64]
    factors: NDArray[np.float32]
    years: NDArray[np.int64]
    popularity: NDArray[np.float64]
    quality: NDArray[np.float32]
    genres: list[str]
    titles: list[str]
    in_season: NDArray[np.float32]
    by_year: AliasTables

    @classmethod
    def drawn(cls, shape: Shape, seed: int) -> "Catalogue":
        random = generator(seed, Stage.CATALOGUE)
        n_movies = shape.n_movies
        years = np.maximum(LAST_YEAR - random.gamma(1.0, 21.0, n_movies).astype(np.int64), _OLDEST)
        rank = np.arange(n_movies) / shape.n_rated
        popularity = np.where(rank < 1, np.exp(-_DECAY * rank**_BEND), 0.0)
        seen_first = np.maximum(years, FIRST_YEAR) + random.exponential(8.0, n_movies) * np.minimum(rank, 1) * 2
        order = np.argsort(seen_first, kind="stable")
        years, popularity, rank = years[order], popularity[order], rank[order]
        ids = np.sort(random.choice(int(n_movies * _LARGEST_ID), n_movies, replace=False)) + 1
        members, factors = _kinds(random, n_movies)
        quality = random.normal(0.0, 0.35, n_movies) + 0.6 * (0.5 - np.minimum(rank, 1) ** _BEND)
        names = np.array(list(_GENRES))
        return cls(
            ids=ids,
            factors=factors,
            years=years,
            popularity=popularity / popularity.sum(),
            quality=quality.astype(np.float32),
            genres=["|".join(names[row]) or "(no genres listed)" for row in members],
            titles=_titles(generator(seed, Stage.TITLES), factors, years),
            in_season=_in_season(members),
            by_year=AliasTables.of([chances_in(year, popularity, years) for year in range(FIRST_YEAR, LAST_YEAR + 1)]),
        )

    def most_popular(self, n_movies: int) -> NDArray[np.int64]:
        """Numbers of the most popular ones, rising."""
        return np.sort(np.argsort(-self.popularity, kind="stable")[:n_movies])


def _kinds(random: np.random.Generator, n_movies: int) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Which genres each movie has, (n_movies, n_genres), and factors around those of its genres."""
    centres = random.standard_normal((len(_GENRES), FACTORS), dtype=np.float32)
    own = random.standard_normal((n_movies, FACTORS), dtype=np.float32)
    keys = np.log(list(_GENRES.values())) + _GENRE_STRENGTH * (own * FACTOR_WEIGHTS @ centres.T)
    keys += gumbel(random, keys.shape)
    places = np.argsort(np.argsort(-keys, axis=1), axis=1)
    n_genres = random.choice(len(_N_GENRES), size=n_movies, p=_N_GENRES) + 1
    shared = (places < n_genres[:, None]) @ centres / np.sqrt(n_genres, dtype=np.float32)[:, None]
    factors = np.sqrt(1 - _GENRE_SHARE) * own + np.sqrt(_GENRE_SHARE) * shared
    n_genres[random.random(n_movies) < _WITHOUT_GENRES] = 0  # nobody has entered them
    return places < n_genres[:, None], factors.astype(np.float32)


def _in_season(members: NDArray[np.bool_]) -> NDArray[np.float32]:
    bonus = np.zeros((13, len(members)), dtype=np.float32)
    for genre, months in _IN_SEASON.items():
        bonus[list(months)] += _SEASON_BONUS * members[:, list(_GENRES).index(genre)]
    return bonus


def chances_in(year: int, popularity: NDArray[np.float64], years: NDArray[np.int64]) -> NDArray[np.float64]:
    """How often each movie is rated in a year, in proportion: none before its release, more soon after it."""
    return popularity * (years <= year) * (1 + _FRESH * np.exp(-(year - years).clip(0) / _FRESH_YEARS))


def _titles(random: np.random.Generator, factors: NDArray[np.float32], years: NDArray[np.int64]) -> list[str]:
    vocabulary = Vocabulary.drawn(random, **_TITLE_WORDS)
    n_words = 1 + random.poisson(_MORE_WORDS, len(years))
    ranks = vocabulary.draw(random, np.repeat(factors, n_words, axis=0))
    function_words = random.integers(len(_FUNCTION_WORDS), size=len(ranks))
    function_words[random.random(len(ranks)) > _FUNCTION_SHARE] = -1
    ends = np.cumsum(n_words)
    function_words[ends - 1] = -1  # no title ends in one
    words = [
        spelled(rank).capitalize() if num < 0 else _FUNCTION_WORDS[num]
        for rank, num in zip(ranks.tolist(), function_words.tolist(), strict=True)
    ]
    with_article = random.random(len(years)) < _ARTICLE_SHARE
    titles = []
    for end, n, the, year in zip(ends.tolist(), n_words.tolist(), with_article.tolist(), years.tolist(), strict=True):
        said = " ".join(words[end - n : end])
        titles.append(f"{said[0].upper()}{said[1:]}{', The' if the else ''} ({year})")
    return titles
