"""Repeated keys, against a dictionary that does the same row by row."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.dataset.columns import ColumnSpec
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.schema import TableSpec
from recsys_core.validating.derived import KeyColumns, frame_of

_LARGEST = 2**31 - 1
_IDS = st.sampled_from([1, 2, 3, 2**30, _LARGEST - 1, _LARGEST])
_CHUNKS = st.integers(1, 7)


def _repeats(table: TableSpec, rows: list[tuple[object, ...]], chunk_rows: int) -> list[tuple[int, int]]:
    keys = KeyColumns(table)
    columns = [list(values) for values in zip(*rows, strict=True)] or [[] for _ in table.columns]
    whole = pa.table(columns, schema=table.arrow_schema)
    for start in range(0, whole.num_rows, chunk_rows):
        keys.add(whole.slice(start, chunk_rows))
    repeats = keys.repeats()
    return list(zip(repeats.losers.tolist(), repeats.winners.tolist(), strict=True))


def _by_dictionary(table: TableSpec, rows: list[tuple[object, ...]]) -> list[tuple[int, int]]:
    kept: dict[tuple[object, ...], int] = {}
    names = table.column_names
    for number, row in enumerate(rows):
        key = tuple(row[names.index(name)] for name in table.key)
        place = names.index(table.keep_newest_by) if table.keep_newest_by else None
        if key not in kept or (place is not None and row[place] >= rows[kept[key]][place]):  # type: ignore[operator]
            kept[key] = number
    keys = [tuple(row[names.index(name)] for name in table.key) for row in rows]
    return [(number, kept[key]) for number, key in enumerate(keys) if kept[key] != number]


@given(st.lists(st.tuples(_IDS, _IDS, st.just(3.0), st.integers(0, 3)), max_size=30), _CHUNKS)
def test_of_repeated_ratings_the_newest_is_kept_and_of_equally_new_ones_the_last(
    rows: list[tuple[object, ...]], chunk_rows: int
) -> None:
    table = MOVIELENS.table("ratings")

    assert _repeats(table, rows, chunk_rows) == _by_dictionary(table, rows)


@given(st.lists(st.tuples(_IDS, _IDS, st.sampled_from(["a", "b", "", "ä"]), st.integers(0, 2)), max_size=30), _CHUNKS)
def test_text_belongs_to_a_key_like_any_id(rows: list[tuple[object, ...]], chunk_rows: int) -> None:
    table = MOVIELENS.table("tags")

    assert _repeats(table, rows, chunk_rows) == _by_dictionary(table, rows)


@given(st.lists(st.tuples(_IDS, st.just("title"), st.just("Drama"), st.none()), max_size=20), _CHUNKS)
def test_where_nothing_is_newest_the_first_row_is_kept(rows: list[tuple[object, ...]], chunk_rows: int) -> None:
    table = MOVIELENS.table("movies")

    assert _repeats(table, rows, chunk_rows) == _by_dictionary(table, rows)


@given(st.lists(st.tuples(st.integers(-3, 3), st.sampled_from([-(2**62), 0, 2**62]), _IDS), max_size=20), _CHUNKS)
def test_a_key_may_be_of_any_integers(rows: list[tuple[object, ...]], chunk_rows: int) -> None:
    columns = (ColumnSpec("shelf", "int"), ColumnSpec("moment", "timestamp"), ColumnSpec("item", "id"))
    table = TableSpec("places", columns, required=False, key=("shelf", "moment", "item"), file_stems=("places",))

    assert _repeats(table, rows, chunk_rows) == _by_dictionary(table, rows)


@given(st.lists(st.sampled_from([1, 5, 9, 10, 11, 60_000_000, None]), max_size=20), st.booleans())
def test_a_reference_is_known_exactly_if_its_id_is_listed(values: list[int | None], far: bool) -> None:
    links = MOVIELENS.table("links")
    known = np.array([1, 9, 60_000_000] if far else [1, 9], dtype=np.int64)
    chunk = pa.table({"item_id": pa.array(values, pa.int64()), "imdb_id": [""] * len(values), "tmdb_id": values})

    frame = frame_of(chunk, links, MOVIELENS, {("movies", "item_id"): known})

    assert frame["item_id known in movies"].tolist() == [value is None or value in known for value in values]
