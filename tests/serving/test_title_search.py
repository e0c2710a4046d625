"""Titles are found in spite of typos, accents, articles, years and words that are not finished."""

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.settings import SAMPLE_DATA
from recsys_core.bundle import Titles
from serving.search import TitleSearch, normalised


@cache
def _movies() -> Titles:
    return Titles.of_movies(pcsv.read_csv(SAMPLE_DATA / "movies.csv").rename_columns(["item_id", "title", "genres"]))


@cache
def _search() -> TitleSearch:
    return TitleSearch.of(_movies(), n_ratings=_counts())


@cache
def _counts() -> np.ndarray:
    return np.bincount(np.searchsorted(_movies().item_ids, _rated()), minlength=len(_movies().item_ids))


@cache
def _rated() -> np.ndarray:
    return pcsv.read_csv(SAMPLE_DATA / "ratings.csv")["movieId"].to_numpy()


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("matrix", "Matrix, The (1999)"),
        ("The Matrix", "Matrix, The (1999)"),
        ("Matrix, The", "Matrix, The (1999)"),
        ("teh matrx", "Matrix, The (1999)"),
        ("amelie", "Amelie (Fabuleux destin d'Amélie Poulain, Le) (2001)"),
        ("Amélie", "Amelie (Fabuleux destin d'Amélie Poulain, Le) (2001)"),
        ("AMELIE POULAIN", "Amelie (Fabuleux destin d'Amélie Poulain, Le) (2001)"),
        ("godfater", "Godfather, The (1972)"),
        ("shawshank redemtion", "Shawshank Redemption, The (1994)"),
        ("starwars", "Star Wars: Episode IV - A New Hope (1977)"),
        ("spiderman", "Spider-Man (2002)"),
        ("se7en", "Seven (a.k.a. Se7en) (1995)"),
        ("leon", "Léon: The Professional (a.k.a. The Professional) (Léon) (1994)"),
        ("wall-e", "WALL·E (2008)"),
        ("toy stor", "Toy Story (1995)"),
        ("toy story 2010", "Toy Story 3 (2010)"),
        ("2001", "2001: A Space Odyssey (1968)"),
        ("blade runner 2049", "Blade Runner 2049 (2017)"),
        ("fantasia 2000", "Fantasia 2000 (1999)"),
        ("death race 2000", "Death Race 2000 (1975)"),
        ("airport 1975", "Airport 1975 (1974)"),
        ("up", "Up (2009)"),
        ("il postino", "Postman, The (Postino, Il) (1994)"),
        ("dr strangelove", "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb (1964)"),
        ("rings fellowship", "Lord of the Rings: The Fellowship of the Ring, The (2001)"),
    ],
)
def test_the_title_that_is_meant_comes_first(query: str, title: str) -> None:
    assert _search().find(query, 3)[0].title == title


@pytest.mark.parametrize("query", ["", "(((", "xqzwvk", "%", "x" * 200])
def test_what_is_like_no_title_finds_nothing(query: str) -> None:
    assert _search().find(query, 5) == []


def test_of_equal_matches_the_better_known_one_comes_first() -> None:
    found = _search().find("star wars", 3)
    by_id = dict(zip(_movies().item_ids.tolist(), _counts().tolist(), strict=True))
    ratings = [by_id[title.movie_id] for title in found]
    assert ratings == sorted(ratings, reverse=True)


def test_nine_in_ten_known_titles_are_found_with_one_letter_wrong() -> None:
    known = [_movies().all[num] for num in np.argsort(-_counts(), kind="stable")[:300]]
    random = np.random.default_rng(5)
    hits = 0
    for title in known:
        name = list(title.title[:-7])
        place = int(random.integers(1, len(name)))
        name[place] = "xqz"[int(random.integers(3))]
        hits += title in _search().find("".join(name), 3)
    assert hits / len(known) >= 0.9


@given(st.text(max_size=60), st.integers(1, 20))
def test_any_text_gives_at_most_k_different_titles_and_the_same_again(query: str, k: int) -> None:
    found = _search().find(query, k)
    assert len(found) <= k
    assert len({title.movie_id for title in found}) == len(found)
    assert _search().find(query, k) == found


@given(st.deferred(lambda: st.sampled_from(_movies().all)))
def test_every_title_is_found_by_its_own_name(title: object) -> None:
    name = title.title  # type: ignore[attr-defined]
    if normalised(name):
        assert title in _search().find(name, 10)


def test_an_empty_catalogue_finds_nothing() -> None:
    empty = Titles.of_movies(pa.table({"item_id": pa.array([], pa.int64()), "title": pa.array([], pa.string()), "genres": pa.array([], pa.string())}))  # fmt: skip  # noqa: E501
    assert TitleSearch.of(empty, n_ratings=np.zeros(0, dtype=np.int64)).find("matrix", 3) == []
