"""Different questions have different keys, and only what was framed for a key is taken for its value."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recsys_core.errors import ParameterError
from serving.cache import cache_key
from serving.cache.frame import framed, unframed

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=6
)
_PARTS = st.dictionaries(st.sampled_from(["k", "user_id", "genres", "liked", "revision"]), _VALUES, max_size=4)
_QUESTIONS = st.tuples(st.text(max_size=5), st.text(max_size=5), _PARTS)


def typed(value: object) -> object:
    """``value`` so that == tells 1, 1.0 and True apart."""
    if isinstance(value, dict):
        return {name: typed(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [typed(inner) for inner in value]
    return (type(value).__name__, repr(value))


@given(one=_QUESTIONS, other=_QUESTIONS)
@example(("1", "2", {}), ("12", "", {}))
@example(("1", "r", {"k": 1}), ("1", "r", {"k": True}))
@example(("1", "r", {"k": 1}), ("1", "r", {"k": "1"}))
@example(("1", "r", {"k": [1, 2]}), ("1", "r", {"k": [2, 1]}))
@example(("1", "r", {"k": [[1], 2]}), ("1", "r", {"k": [1, [2]]}))
@example(("1", "r", {"k": None}), ("1", "r", {}))
@example(("1", "r", {"k": '","user_id":1'}), ("1", "r", {"k": "", "user_id": 1}))
def test_two_questions_have_one_key_only_if_they_are_the_same(one, other) -> None:
    same_key = cache_key(one[0], one[1], **one[2]) == cache_key(other[0], other[1], **other[2])
    assert same_key == (one[:2] == other[:2] and typed(one[2]) == typed(other[2]))


@given(question=_QUESTIONS)
def test_a_key_is_forty_digits_whatever_the_question(question) -> None:
    key = cache_key(question[0], question[1], **question[2])
    assert len(key) == 40
    assert set(key) <= set("0123456789abcdef")


def test_the_order_of_parts_does_not_matter_and_the_key_is_the_same_in_every_process() -> None:
    assert cache_key("3", "similar", k=5, movie_id=1) == cache_key("3", "similar", movie_id=1, k=5)
    assert cache_key("3", "similar", k=5, movie_id=1) == "fc49d85026d16cb2f3f1375a0553963862d92265"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"x", object(), {1: 2}, [{None: 1}]])
def test_what_has_no_one_form_is_refused(value: object) -> None:
    with pytest.raises(ParameterError, match="key of the cache"):
        cache_key("1", "r", part=value)


@given(key=st.text(), value=st.binary())
def test_what_was_framed_is_found_again(key: str, value: bytes) -> None:
    assert unframed(key, framed(key, value)) == value


@given(key=st.text(), stored=st.binary() | st.builds(lambda tail: b"RSYS\x01" + tail, st.binary()))
def test_bytes_from_elsewhere_are_no_value(key: str, stored: bytes) -> None:
    assert unframed(key, stored) is None


@given(key=st.text(), value=st.binary(), data=st.data())
def test_a_flipped_bit_a_lost_or_an_added_byte_is_noticed(key: str, value: bytes, data: st.DataObject) -> None:
    stored = framed(key, value)
    place = data.draw(st.integers(0, len(stored) - 1))
    flipped = bytearray(stored)
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    for damaged in (bytes(flipped), stored[:place], stored + b"\x00"):
        assert unframed(key, damaged) is None


@given(key=st.text(), other=st.text(), value=st.binary())
def test_the_value_of_another_key_is_no_value(key: str, other: str, value: bytes) -> None:
    assert (unframed(other, framed(key, value)) is None) == (key != other)


def test_a_key_of_a_request_as_pydantic_writes_it() -> None:
    from serving.schemas import RecommendationsRequest

    asked = RecommendationsRequest.model_validate({"liked": [1, 260], "k": 5})
    parts = asked.model_dump(mode="json")
    assert cache_key("1", "post", **parts) == cache_key("1", "post", **json.loads(json.dumps(parts)))
