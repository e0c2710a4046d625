"""Feature groups from texts: genres, the decade and the words in the title, and free-text tags."""

import itertools
import re
import unicodedata

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, diags_array, hstack

from recsys_core.dataset.columns import FEATURE_PREFIXES
from recsys_core.features.weighting import inverse_document_frequency, normalise_rows, rows_of

__all__ = [
    "Group",
    "bins_of",
    "decade_group",
    "genre_group",
    "has_implausible_year",
    "normalise_tag",
    "tag_group",
    "title_group",
    "title_words",
    "year_of",
    "years_of",
]

_YEAR = re.compile(r"\((\d{4})(?:\s*[-–—]\s*(?:\d{4})?)?\s*\)\s*$")
_FIRST_YEAR, _LAST_YEAR = 1000, 2100  # of books, too
_WORD = re.compile(r"[^\W_]+")
_STOP_WORDS = frozenset(
    ["and", "the", "for", "with", "from", "der", "die", "das", "les", "des", "und", "los", "las", "del", "une"]
)
_SHORTEST_WORD = 3
_BINS = 10
_NO_GENRES = "(no genres listed)"
Group = tuple[csr_matrix, list[str]]
"""Features of items, (n_items, n_features), and the name of each."""


def year_of(title: str) -> int | None:
    """The year of release at the end of a title: "Toy Story (1995)", "Death Note (2006–2007)", "The OA (2016– )"."""
    match = _YEAR.search(title)
    year = int(match.group(1)) if match else None
    return year if year is not None and _FIRST_YEAR <= year <= _LAST_YEAR else None


def has_implausible_year(title: str) -> bool:
    """Whether a title ends as if in a year, which can be none."""
    return _YEAR.search(title) is not None and year_of(title) is None


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
    """One column for each genre of a training item, and for each value of a further column that describes items.

    Numbers enter by the bins that :func:`bins_of` learns from training items.
    """
    pairs = [(item_id, name) for item_id, name in _members(movies, "genres", "|") if name != _NO_GENRES]
    for column, label in _further(movies, "set"):
        pairs += [(item_id, f"{label}{name}") for item_id, name in _members(movies, column, "|")]
    for column, label in _further(movies, "category"):
        pairs += [(item_id, f"{label}{name}") for item_id, name in _members(movies, column)]
    for column, label in _further(movies, "number"):
        pairs += [(item_id, f"{label}{name}") for item_id, name in bins_of(item_ids, fitted_mask, movies, column)]
    return _one_hot(item_ids, fitted_mask, pairs)


def _further(items: pa.Table, kind: str) -> list[tuple[str, str]]:
    """The declared columns of one kind, and what is put before their features: an author may be called Drama."""
    prefix = FEATURE_PREFIXES[kind]
    return [(name, f"{name.removeprefix(prefix)}: ") for name in items.column_names if name.startswith(prefix)]


def _members(items: pa.Table, column: str, separator: str = "") -> list[tuple[int, str]]:
    """(item, name) for what is in each cell."""
    found = []
    for item_id, cell in zip(items["item_id"].to_pylist(), items[column].to_pylist(), strict=True):
        names = (cell or "").split(separator) if separator else [cell or ""]
        found += [(item_id, name.strip()) for name in names if name.strip()]
    return found


def bins_of(
    item_ids: NDArray[np.int64], fitted_mask: NDArray[np.bool_], items: pa.Table, column: str
) -> list[tuple[int, str]]:
    """(item, bin) for each number in a column; the bins are the tenths of the training items, by their quantiles."""
    ids = items["item_id"].to_numpy()
    values = items[column].to_numpy().astype(np.float64)
    rows = rows_of(item_ids, ids)
    there = np.isfinite(values) & (rows >= 0)
    fitted = values[there & fitted_mask[rows]]
    if not len(fitted):
        return []
    edges = np.unique(np.quantile(fitted, np.arange(1, _BINS) / _BINS, method="lower"))
    ends = [f"{edge:g}" for edge in edges]
    inner = [f"{low} to {high}" for low, high in itertools.pairwise(ends)]
    names = [f"up to {ends[0]}", *inner, f"above {ends[-1]}"]
    places = np.searchsorted(edges, values[there], side="left")
    return [(item_id, names[place]) for item_id, place in zip(ids[there].tolist(), places.tolist(), strict=True)]


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
    """One column for each word in the titles of at least ``min_word_items`` training items: sequels and series.

    Words of a further column of texts are columns of their own; each text counts as much as the title does.
    """
    texts = [
        _one_hot(
            item_ids,
            fitted_mask,
            [(item_id, f"{label}{word}") for item_id, text in _members(movies, column) for word in title_words(text)],
            min_word_items,
        )
        for column, label in [("title", ""), *_further(movies, "text")]
    ]
    return _side_by_side(texts)


def tag_group(
    item_ids: NDArray[np.int64],
    fitted_mask: NDArray[np.bool_],
    tags: pa.Table | None,
    movies: pa.Table,
    min_tag_items: int,
    max_tags: int,
) -> Group:
    """One column for each tag on at least ``min_tag_items`` training items, weighted log(1 + times given).

    Of an item with more than ``max_tags`` the most telling are kept: famous ones gather thousands, most of them once.

    The weighted tags of a further column of ``movies`` are columns of their own, and count as much.
    """
    given = [] if tags is None else zip(tags["item_id"].to_pylist(), tags["tag"].to_pylist(), strict=True)
    parts = [[(item_id, normalise_tag(tag), 1.0) for item_id, tag in given if tag and normalise_tag(tag)]]
    for column, label in _further(movies, "weighted tags"):
        cells = [(item_id, *part.rpartition(":")) for item_id, part in _members(movies, column, "|")]
        parts.append([(item_id, f"{label}{normalise_tag(tag)}", float(weight)) for item_id, tag, _, weight in cells])
    matrix, names = _side_by_side([_weighted(item_ids, fitted_mask, part, min_tag_items) for part in parts])
    return _largest(matrix, max_tags), names


def _largest(matrix: csr_matrix, most: int) -> csr_matrix:
    """At most ``most`` entries of each row, the largest, and rows of length 1 again."""
    lengths = np.diff(matrix.indptr)
    if lengths.max(initial=0) <= most:
        return matrix
    rows = np.repeat(np.arange(matrix.shape[0]), lengths)
    order = np.lexsort((matrix.indices, -matrix.data, rows))
    kept = np.sort(order[np.arange(matrix.nnz) - matrix.indptr[rows] < most])
    indptr = np.concatenate([[0], np.cumsum(np.minimum(lengths, most))])
    return normalise_rows(csr_matrix((matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape))


def _side_by_side(groups: list[Group]) -> Group:
    """Several groups as one, in which each counts as much as the others where an item has it."""
    if len(groups) == 1:
        return groups[0]
    matrix = csr_matrix(hstack([matrix for matrix, _ in groups], format="csr"))
    return normalise_rows(matrix), [name for _, names in groups for name in names]


def _one_hot(
    item_ids: NDArray[np.int64], fitted_mask: NDArray[np.bool_], pairs: list[tuple[int, str]], min_items: int = 1
) -> Group:
    return _weighted(item_ids, fitted_mask, [(*pair, 1.0) for pair in sorted(set(pairs))], min_items)


def _weighted(
    item_ids: NDArray[np.int64], fitted_mask: NDArray[np.bool_], triples: list[tuple[int, str, float]], min_items: int
) -> Group:
    matrix, names = _count_matrix(item_ids, triples)
    n_fitted = np.bincount(matrix[np.flatnonzero(fitted_mask)].indices, minlength=len(names))
    kept = np.flatnonzero(n_fitted >= min_items)
    return _tf_idf(csr_matrix(matrix[:, kept]), fitted_mask), [names[num] for num in kept]


def _count_matrix(item_ids: NDArray[np.int64], triples: list[tuple[int, str, float]]) -> Group:
    """The sum of the weights of each (item, text), for known items: CSR (n_items, n_texts) and the sorted texts."""
    rows = rows_of(item_ids, np.asarray([item_id for item_id, _, _ in triples], dtype=np.int64))
    texts = [text for (_, text, _), row in zip(triples, rows, strict=True) if row >= 0]
    weights = np.asarray([weight for _, _, weight in triples], dtype=np.float32)[rows >= 0]
    names = sorted(set(texts))
    column = {name: num for num, name in enumerate(names)}
    columns = np.asarray([column[text] for text in texts], dtype=np.int64)
    shape = (len(item_ids), len(names))
    counts = coo_matrix((weights, (rows[rows >= 0], columns)), shape=shape)
    return csr_matrix(counts), names


def _tf_idf(counts: csr_matrix, fitted_mask: NDArray[np.bool_]) -> csr_matrix:
    weighted = counts.copy()
    weighted.data = np.log1p(weighted.data)
    return normalise_rows(csr_matrix(weighted @ diags_array(inverse_document_frequency(counts, fitted_mask))))
