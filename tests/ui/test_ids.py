"""Ids in addresses: numbers, and texts with whatever is in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.schemas import MAX_ID, Id, read_id
from ui.ids import ids_of_words, word_of

TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | TEXTS, max_size=5))
def test_ids_survive_the_address(names: list[Id]) -> None:
    assert ids_of_words(",".join(map(word_of, names))) == list(dict.fromkeys(read_id(str(name)) for name in names))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("260", 260),
        (" -7 ", -7),
        ("007", "007"),
        (str(2**63), str(2**63)),
        ("1.5", "1.5"),
        ("٣", "٣"),
        ("0195153448X", "0195153448X"),
        ("a b/c?", "a b/c?"),
        (" a", " a"),
        ("", None),
        ("a\x00", None),
        ("x" * (MAX_ID + 1), None),
    ],
)
def test_an_id_is_a_number_where_it_is_written_as_one(text: str, name: Id | None) -> None:
    assert read_id(text) == name
