"""Texts as ids: numbers that depend on nothing but the text, and the texts again."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.dataset import ids as module
from recsys_core.dataset.ids import INTEGERS, Ids, TextNumbers, ids_in, integer_of, number_of
from recsys_core.errors import DataError, ShapeError, StorageError

_WRITTEN = st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text not in module._NO_ID)


def test_numbers_are_the_same_on_every_machine_for_ever() -> None:
    """They stand in stored models and events."""
    numbers = [2636083598628110558, 501563303439714256, 8657851361613172764]
    assert [number_of(text) for text in ("007", "a/b", "ä")] == numbers


@given(st.lists(_WRITTEN, min_size=1))
def test_texts_come_back_and_stay_apart(texts: list[str]) -> None:
    numbers = TextNumbers()
    found = numbers.of(pa.array(texts)).to_numpy()
    ids = numbers.ids()

    assert found.tolist() == [number_of(text) for text in texts] == ids.numbers_of(texts).tolist()
    assert (found >= 0).all()
    assert ids.names_of(found) == texts
    assert len(ids.numbers) == len(set(texts))
    assert (np.diff(ids.numbers) > 0).all()


def test_words_for_nothing_are_nobodys_ids() -> None:
    numbers = TextNumbers()
    found = numbers.of(pa.chunked_array([["null", "a", None], ["", "NaN", "NA", "\\N"]]))
    assert found.is_null().to_pylist() == [True, False, True, True, True, False, True]
    assert set(numbers.ids().texts.to_pylist()) == {"a", "NA"}


def test_blocks_with_other_dictionaries_give_the_same_numbers() -> None:
    texts = ["b", "a", "b", "c"]
    numbers = TextNumbers()
    plain = numbers.of(pa.array(texts))
    assert numbers.of(pa.array(texts).dictionary_encode()).equals(plain)
    assert numbers.of(pa.array(texts[::-1]).dictionary_encode()).to_pylist() == plain.to_pylist()[::-1]


def test_two_texts_of_one_number_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "number_of", lambda text: 7)
    numbers = TextNumbers()
    numbers.of(pa.array(["one", "other"]))
    with pytest.raises(DataError, match="the ids 'one' and 'other' have the same number; rename one of them"):
        numbers.ids()


def test_what_is_saved_is_read_and_a_part_can_be_taken(tmp_path: Path) -> None:
    numbers = TextNumbers()
    found = numbers.of(pa.array(["a", "b", "c"])).to_numpy()
    numbers.ids().save(tmp_path / "ids.parquet")
    again = Ids.load(tmp_path / "ids.parquet")
    assert again.names_of(found) == ["a", "b", "c"]
    part = again.among(np.sort(found[:2]))
    assert set(part.names_of(found[:2])) == {"a", "b"}
    assert part.name(int(found[2])) == found[2], "called by its number"
    with pytest.raises(ShapeError, match="without a text"):
        again.among(np.array([1, 2]))
    (tmp_path / "ids.parquet").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot be read as ids"):
        Ids.load(tmp_path / "ids.parquet")


def test_whole_numbers_are_called_by_themselves(tmp_path: Path) -> None:
    assert INTEGERS.names_of([5, -7, 2**60]) == [5, -7, 2**60]
    assert INTEGERS.numbers_of([5, "-7", " 12 "]).tolist() == [5, -7, 12]
    assert INTEGERS.named("007") == 7
    assert INTEGERS.named("x") is None
    INTEGERS.save(tmp_path / "ids.parquet")
    assert list(tmp_path.iterdir()) == [], "nothing needs to be kept"


@given(st.integers())
def test_numbers_of_64_bits_are_ids(number: int) -> None:
    fits = -(2**63) <= number < 2**63
    assert integer_of(number) == integer_of(str(number)) == (number if fits else None)


@pytest.mark.parametrize("text", ["", "x", "1.5", "--1", "1_0", "٣", "1e3", "0x1"])
def test_other_texts_are_no_whole_numbers(text: str) -> None:
    assert integer_of(text) is None


def test_lists_of_ids_are_read_as_people_write_them() -> None:
    assert ids_in("1, 260,", "integer") == [1, 260]
    assert ids_in("[1, 260]", "integer") == [1, 260]
    assert ids_in("a b, c", "text") == ["a b", "c"]
    assert ids_in('["a, b", 7]', "text") == ["a, b", "7"]
    assert ids_in('[" a"]', "text") == [" a"]


@pytest.mark.parametrize(
    ("wrong", "words"), [("1,two", "invalid literal"), ("[1.5]", "no ids"), ("[[1]]", "no ids"), ("[1", "Expecting")]
)
def test_lists_of_something_else_are_refused(wrong: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ids_in(wrong, "integer")
