"""Feature groups from texts: genres, the decade and the words in the title, and free-text tags."""

import re
import unicodedata

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, diags_array

from recsys_core.dataset.schema import FEATURE_PREFIX
from recsys_core.features.weighting import inverse_document_frequency, normalise_rows, rows_of

__all__ = [
    "decade_group",
    "genre_group",
    "normalise_tag",
    "tag_group",
    "title_group",
    "title_words",
    "year_of",
    "years_of",
]

_YEAR = re.compile(r"\((\d{4})(?:\s*[-–—]\s*(?:\d{4})?)?\s*\)\s*$")
_WORD = re.compile(r"[^\W_]+")
_STOP_WORDS = frozenset(
    ["and", "the", "for", "with", "from", "der", "die", "das", "les", "des", "und", "los", "las", "del", "une"]
)
_SHORTEST_WORD = 3
_NO_GENRES = "(no genres listed)"
Group = tuple[csr_matrix, list[str]]


def year_of(title: str) -> int | None:
    """The year of release at the end of a title: "Toy Story (1995)", "Death Note (2006–2007)", "The OA (2016– )"."""
    match = _YEAR.search(title)
    return int(match.group(1)) if match else None


def years_of(items: pa.Table) -> list[int | None]:
    """Each item's year of release: of its own column, or else of its title."""
    said = items["year"].to_pylist() if "year" in items.column_names else [None] * items.num_rows
    return [
        year_of(title or "") if year is None else year
        for year, title in zip(said, items["title"].to_pylist(), strict=True)
    ]


def normalise_tag(tag: str) -> str:
    """Case folded, white space at the ends dropped and inside reduced to single spaces."""
    return " ".join(tag.casefold().split())


def genre_group(item_ids: NDArray[np.int64], fitted_mask: NDArray[np.bool_], movies: pa.Table) -> Group:
    """One column for each genre of a training item, and for each value of a further column that describes items."""
    pairs = [
        (item_id, f"{kind}{name.strip()}")
        for column, kind in _columns_of_sets(movies)
        for item_id, names in zip(movies["item_id"].to_pylist(), movies[column].to_pylist(), strict=True)
        for name in (names or "").split("|")
        if name.strip() and name.strip() != _NO_GENRES
    ]
    return _one_hot(item_ids, fitted_mask, pairs)


def _columns_of_sets(items: pa.Table) -> list[tuple[str, str]]:
    """The columns whose cells are sets, and what is put before their members: an author may be called Drama."""
    further = [name for name in items.column_names if name.startswith(FEATURE_PREFIX)]
    return [("genres", ""), *((name, f"{name.removeprefix(FEATURE_PREFIX)}: ") for name in further)]


def decade_group(item_ids: NDArray[np.int64], fitted_mask: NDArray[np.bool_], movies: pa.Table) -> Group:
    """One column for each decade of a training item; titles without a year have no feature."""
    pairs = [
        (movie_id, f"{year // 10 * 10}s")
        for movie_id, year in zip(movies["item_id"].to_pylist(), years_of(movies), strict=True)
        if year is not None
    ]
    return _one_hot(item_ids, fitted_mask, pairs)


def title_words(title: str) -> set[str]:
    """Words that may tell what a title belongs to: no year, accents, articles, or words of one or two letters."""
    plain = unicodedata.normalize("NFKD", _YEAR.sub("", title))
    words = _WORD.findall("".join(sign for sign in plain if not unicodedata.combining(sign)).casefold())
    return {word for word in words if len(word) >= _SHORTEST_WORD and word not in _STOP_WORDS}


def title_group(
    item_ids: NDArray[np.int64], fitted_mask: NDArray[np.bool_], movies: pa.Table, min_word_items: int
) -> Group:
    """One column for each word in the titles of at least ``min_word_items`` training items: sequels and series."""
    pairs = [
        (movie_id, word)
        for movie_id, title in zip(movies["item_id"].to_pylist(), movies["title"].to_pylist(), strict=True)
        for word in sorted(title_words(title or ""))
    ]
    return _one_hot(item_ids, fitted_mask, pairs, min_word_items)


def tag_group(item_ids: NDArray[np.int64], fitted_mask: NDArray[np.bool_], tags: pa.Table, min_tag_items: int) -> Group:
    """One column for each tag on at least ``min_tag_items`` training items, weighted log(1 + times given)."""
    pairs = [
        (movie_id, normalise_tag(tag or ""))
        for movie_id, tag in zip(tags["item_id"].to_pylist(), tags["tag"].to_pylist(), strict=True)
    ]
    matrix, names = _count_matrix(item_ids, [(movie_id, tag) for movie_id, tag in pairs if tag])
    n_fitted = np.bincount(matrix[np.flatnonzero(fitted_mask)].indices, minlength=len(names))
    kept = np.flatnonzero(n_fitted >= min_tag_items)
    return _tf_idf(csr_matrix(matrix[:, kept]), fitted_mask), [names[num] for num in kept]


def _one_hot(
    item_ids: NDArray[np.int64], fitted_mask: NDArray[np.bool_], pairs: list[tuple[int, str]], min_items: int = 1
) -> Group:
    matrix, names = _count_matrix(item_ids, sorted(set(pairs)))
    n_fitted = np.bincount(matrix[np.flatnonzero(fitted_mask)].indices, minlength=len(names))
    kept = np.flatnonzero(n_fitted >= min_items)
    return _tf_idf(csr_matrix(matrix[:, kept]), fitted_mask), [names[num] for num in kept]


def _count_matrix(item_ids: NDArray[np.int64], pairs: list[tuple[int, str]]) -> Group:
    """How often each (item, text) occurs, for known items: CSR (n_items, n_texts) and the sorted texts."""
    rows = rows_of(item_ids, np.asarray([movie_id for movie_id, _ in pairs], dtype=np.int64))
    texts = [text for (_, text), row in zip(pairs, rows, strict=True) if row >= 0]
    names = sorted(set(texts))
    column = {name: num for num, name in enumerate(names)}
    columns = np.asarray([column[text] for text in texts], dtype=np.int64)
    shape = (len(item_ids), len(names))
    counts = coo_matrix((np.ones(len(columns), dtype=np.float32), (rows[rows >= 0], columns)), shape=shape)
    return csr_matrix(counts), names


def _tf_idf(counts: csr_matrix, fitted_mask: NDArray[np.bool_]) -> csr_matrix:
    weighted = counts.copy()
    weighted.data = np.log1p(weighted.data)
    return normalise_rows(csr_matrix(weighted @ diags_array(inverse_document_frequency(counts, fitted_mask))))
