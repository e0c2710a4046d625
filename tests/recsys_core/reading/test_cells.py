"""What people write into a cell, in one notation."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.reading.cells import EMPTY_WORDS, moments, sets, tidied, verdicts, weights

names = st.text(st.characters(codec="utf-8", exclude_characters="|;,[]"), min_size=1, max_size=8).filter(
    lambda name: name == name.strip()
)


def as_sets(cells: list[str | None], separator: str = "") -> list[str | None]:
    return sets(pa.chunked_array([pa.array(cells, pa.string())]), separator).to_pylist()


@given(st.lists(names, min_size=1, max_size=4))
def test_every_notation_of_a_set_is_the_same_set(members: list[str]) -> None:
    objects = [{"id": place, "name": name} for place, name in enumerate(members)]
    cells = ["|".join(members), json.dumps(members), repr(members), json.dumps(objects), repr(objects)]
    if len(members) > 1:
        cells += [", ".join(members), ";".join(members)]
    assert set(as_sets(cells)) == {"|".join(members)}


@given(st.lists(st.text(max_size=20) | st.none(), max_size=5), st.sampled_from(["", "|", ",", ";", " - ", "."]))
def test_any_text_is_some_set(cells: list[str | None], separator: str) -> None:
    found = as_sets(cells, separator)
    assert [cell is None for cell in found] == [cell is None for cell in cells]


@pytest.mark.parametrize(
    ("cell", "separator", "found"),
    [
        ("['Drama' 'War']", "", "Drama|War"),
        ('[null, "Drama", {"id": 3}]', "", "Drama"),
        ("[]", "", ""),
        ("[broken", "", "[broken"),
        ("Sci-Fi|War, cold", "", "Sci-Fi|War, cold"),
        ("Tolkien, J. R. R.", "|", "Tolkien, J. R. R."),
        ("Drama , War|Peace", ",", "Drama|War/Peace"),
    ],
)
def test_sets_as_they_are_found(cell: str, separator: str, found: str) -> None:
    assert as_sets([cell], separator) == [found]


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(lambda moment: moment.replace(microsecond=0)),
    st.integers(-12 * 60, 14 * 60),
    st.sampled_from([1, 1000]),
)
def test_dates_of_any_zone_are_units_since_1970(moment: datetime, offset: int, per_second: int) -> None:
    zoned = moment.replace(tzinfo=timezone(timedelta(minutes=offset)))
    seconds = int((moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    texts = pa.array([moment.isoformat(), moment.isoformat(" ") + "Z", zoned.isoformat(), None, "20010101"])
    assert moments(texts, per_second).to_pylist() == [
        str(seconds * per_second),
        str(seconds * per_second),
        str((seconds - offset * 60) * per_second),
        None,
        "20010101",
    ]


@pytest.mark.parametrize(
    "written",
    [
        "Fri Nov 10 06:22:07 -0800 2017",
        "Fri Nov 10 14:22:07 2017",
        "Fri, 10 Nov 2017 14:22:07 +0000",
        "10.11.2017 14:22:07",
        "2017/11/10 14:22:07",
    ],
)
def test_dates_that_can_be_read_in_one_way_only_are_read(written: str) -> None:
    found = moments(pa.array([written, "1510323727", None, "11/10/2017", written]))
    assert found.to_pylist() == ["1510323727", "1510323727", None, "11/10/2017", "1510323727"]


def test_words_of_those_who_like_something_or_do_not_are_ratings_of_two_values() -> None:
    words = ["True", "no", "LIKE", "thumbs down", "3.5", "liking", None, ""]
    assert verdicts(pa.array(words)).to_pylist() == ["1", "0", "1", "0", "3.5", "liking", None, ""]


@given(st.lists(st.text("0123456789-:TZ+ ./", max_size=25) | st.none(), max_size=6))
def test_what_is_no_date_stays_as_it_is(texts: list[str | None]) -> None:
    found = moments(pa.array(texts, pa.string())).to_pylist()
    assert all(after == before or after.lstrip("-").isdigit() for before, after in zip(texts, found, strict=True))


@given(st.lists(st.integers(-5, 5) | st.integers(2**31 - 3, 2**40) | st.none(), max_size=8))
def test_ids_out_of_range_are_emptied_and_counted_but_nought_is_a_word_for_nothing(ids: list[int | None]) -> None:
    found, n_emptied = tidied(pa.chunked_array([pa.array(ids, pa.int64())]), MOVIELENS.table("links").column("tmdb_id"))
    fits = [number if number is not None and number >= 1 else None for number in ids]
    assert found.to_pylist() == fits
    assert n_emptied == sum(number not in (None, 0) and kept is None for number, kept in zip(ids, fits, strict=True))


def test_words_for_nothing_are_not_counted_and_texts_without_the_pattern_are() -> None:
    imdb = MOVIELENS.table("links").column("imdb_id")
    cells = [*EMPTY_WORDS.to_pylist(), " NA ", "tt0114709", "114709.0", "nm0000001", "12345678901"]
    found, n_emptied = tidied(pa.chunked_array([pa.array(cells)]), imdb)
    assert [cell for cell in found.to_pylist() if cell] == ["0114709", "114709"]
    assert n_emptied == 2


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('{"dark": 12, "funny": 0.5, "none": 0, "odd": "x"}', "dark:12|funny:0.5"),
        ("{'a|b': 2}", "a/b:2"),
        ('[{"name": "dark", "count": 3}, {"name": "odd"}]', "dark:3|odd:1"),
        ("[('dark', 3), ['funny', 1], 'odd']", "dark:3|funny:1|odd:1"),
        ("dark:3|funny : 1", "dark:3|funny:1"),
        ("re: life, dark:3", "re: life:1|dark:3"),
        ("a: b:2", "a: b:2"),
        ("dark:-1", None),
        ("{not json", "{not json:1"),
        ("", None),
        (None, None),
    ],
)
def test_weights_of_names_in_every_notation(cell: str | None, expected: str | None) -> None:
    assert weights(pa.chunked_array([pa.array([cell], pa.string())])).to_pylist() == [expected]
