"""A model in ml-25m's shape with drawn parameters: for time and memory, never for accuracy.

Nothing is fitted. 62,423 movies and 162,541 users with long-tailed popularity, 64 ALS factors, EASE on its 4,000 most
rated movies, content of genre, decade, title words and a genome of 128 components, neighbours among 10,000 people: what
the pipeline's defaults would release. The same seed gives the same model.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.bundle import ModelBundle, Titles
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.dataset.schema import MOVIELENS
from recsys_core.features import ItemFeatures
from recsys_core.features.weighting import normalise_rows
from recsys_core.hybrid import ColdTitles, HybridModel, HybridWeights
from recsys_core.sources.als import ALSModel, ALSParameters
from recsys_core.sources.content import ContentModel, ContentParameters
from recsys_core.sources.ease import EASEModel, EASEParameters
from recsys_core.sources.popularity import PopularityModel
from recsys_core.sources.recent_popularity import RecentPopularityParameters, fit_recent_popularity
from recsys_core.sources.source import Source
from recsys_core.sources.user_knn import UserKNNParameters, fit_user_knn

__all__ = ["large_model"]

_GENRES = 19
_DECADES = 14
_WORDS = 20_000
_GENOME = 128
_GENOME_SHARE = 0.22  # of ml-25m's movies, 13,816 have a genome
_SYLLABLES = [
    "ba",
    "cor",
    "den",
    "el",
    "fi",
    "gra",
    "hol",
    "in",
    "jo",
    "kan",
    "lu",
    "mar",
    "no",
    "or",
    "pe",
    "ri",
    "sto",
]


def large_model(
    *,
    n_movies: int = 62_423,
    n_users: int = 162_541,
    n_ratings: int = 24_600_000,
    factors: int = 64,
    n_ease: int = 4_000,
    seed: int = 0,
) -> ModelBundle:
    """A bundle as the registry would give it."""
    random = np.random.default_rng(seed)
    known = _known(random, n_movies, n_users, n_ratings)
    scale = MOVIELENS.feedback
    counts = np.bincount(known.ratings.indices, minlength=n_movies).astype(np.int64)
    als = ALSModel(
        known.item_ids,
        (random.standard_normal((n_movies, factors)) * 0.1).astype(np.float32),
        (random.standard_normal((n_users, factors)) * 0.1).astype(np.float32),
        ALSParameters(factors=factors),
        scale,
    )
    kept = np.sort(np.argsort(-counts, kind="stable")[:n_ease])
    weights = (random.standard_normal((n_ease, n_ease)) * 0.01).astype(np.float32)
    np.fill_diagonal(weights, 0)
    ease = EASEModel(known.item_ids, kept, weights, EASEParameters(), scale)
    sources: dict[str, Source] = {
        "als": als,
        "ease": ease,
        "content": ContentModel(_features(random, known.item_ids), n_movies, ContentParameters(), scale),
        "popularity": PopularityModel(known.item_ids, counts),
        "recent_popularity": fit_recent_popularity(known, RecentPopularityParameters()),
        "neighbours": fit_user_knn(known, UserKNNParameters(), feedback=scale),
    }
    nothing = csr_matrix(np.zeros((0, n_movies), dtype=np.float32))
    model = HybridModel(sources, {"als": 0.1, "ease": 0.1}, ColdTitles(nothing, None), HybridWeights(), scale)
    return ModelBundle(model, known, _titles(random, known.item_ids), {"rating_step": scale.step})


def _known(random: np.random.Generator, n_movies: int, n_users: int, n_ratings: int) -> UserItemMatrix:
    """Users with log-normal numbers of ratings, at least 20, of movies drawn by Zipf's law."""
    lengths = 20 + random.lognormal(4.0, 1.25, n_users)
    lengths = np.minimum(lengths * (n_ratings / lengths.sum()), n_movies // 4).astype(np.int64).clip(5)
    cumulative = np.cumsum(1.0 / (np.arange(n_movies) + 60.0))
    drawn = np.searchsorted(cumulative, random.random(int(lengths.sum())) * cumulative[-1], side="right")
    pairs = np.unique(np.repeat(np.arange(n_users), lengths) * n_movies + drawn)
    users, items = np.divmod(pairs, n_movies)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(users, minlength=n_users))])
    values = (random.integers(1, 11, len(items)) / 2).astype(np.float32)
    ratings = csr_matrix((values, items.astype(np.int32), indptr), shape=(n_users, n_movies))
    shuffled = random.permutation(n_movies)  # popular movies are not the first ones
    ratings = csr_matrix(ratings[:, shuffled])
    ratings.sort_indices()
    item_ids = np.sort(random.choice(np.arange(1, 209_172), size=n_movies, replace=False)).astype(np.int64)
    user_ids = np.arange(1, n_users + 1, dtype=np.int64)
    return UserItemMatrix(ratings, np.zeros(ratings.nnz, dtype=np.int64), user_ids, item_ids)


def _features(random: np.random.Generator, item_ids: NDArray[np.int64]) -> ItemFeatures:
    n_items = len(item_ids)
    genome = random.standard_normal((n_items, _GENOME)).astype(np.float32)
    genome[random.random(n_items) > _GENOME_SHARE] = 0
    groups = {
        "genre": _drawn(random, n_items, _GENRES, 2),
        "decade": _drawn(random, n_items, _DECADES, 1),
        "title": _drawn(random, n_items, _WORDS, 3),
        "genome": normalise_rows(csr_matrix(genome)),
    }
    names = {name: [f"{name} {num}" for num in range(matrix.shape[1])] for name, matrix in groups.items()}
    return ItemFeatures(item_ids, groups, names)


def _drawn(random: np.random.Generator, n_items: int, n_columns: int, n_each: int) -> csr_matrix:
    columns = random.integers(0, n_columns, (n_items, n_each)).ravel()
    rows = np.repeat(np.arange(n_items), n_each)
    return normalise_rows(csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), (n_items, n_columns)))


def _titles(random: np.random.Generator, item_ids: NDArray[np.int64]) -> Titles:
    words = _words(random, _WORDS)[random.zipf(1.3, (len(item_ids), 2)) % _WORDS]
    years = random.integers(1920, 2020, len(item_ids))
    titles = [f"{' '.join(pair)} ({year})" for pair, year in zip(words.tolist(), years.tolist(), strict=True)]
    genres = ["Drama|Comedy" if num % 2 else "Action" for num in range(len(item_ids))]
    return Titles.of_movies(pa.table({"movieId": item_ids, "title": titles, "genres": genres}))


def _words(random: np.random.Generator, n: int) -> NDArray[np.str_]:
    """``n`` different words of two to four syllables."""
    found: dict[str, None] = {}
    while len(found) < n:
        parts = random.choice(_SYLLABLES, int(random.integers(2, 5)))
        found["".join(parts).capitalize()] = None
    return np.asarray(list(found))
