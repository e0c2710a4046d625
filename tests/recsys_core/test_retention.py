"""What can go is what is neither in use nor among the newest of the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.errors import ParameterError
from recsys_core.retention import RetentionParameters, surplus

THINGS = st.lists(st.integers(0, 30), unique=True)


@given(THINGS, st.integers(0, 40), st.sets(st.integers(0, 30)))
def test_the_newest_and_what_is_in_use_stay_and_all_else_goes(things: list[int], keep: int, in_use: set[int]) -> None:
    going = surplus(things, keep, in_use)
    stay = [thing for thing in things if thing not in going]
    others = [thing for thing in stay if thing not in in_use]
    assert not in_use & set(going)
    assert going == sorted(going, key=things.index)
    assert len(others) == min(keep, len({*things} - in_use)), "neither more nor fewer than asked for"
    assert all(things.index(other) < things.index(gone) for other in others for gone in going), "older ones go first"


@given(THINGS, st.integers(0, 40), st.sets(st.integers(0, 30)))
def test_what_was_chosen_once_leaves_nothing_to_choose(things: list[int], keep: int, in_use: set[int]) -> None:
    going = surplus(things, keep, in_use)
    assert surplus([thing for thing in things if thing not in going], keep, in_use) == []


@given(THINGS, st.integers(0, 40), st.sets(st.integers(0, 30)), st.integers(0, 30))
def test_to_use_more_or_keep_more_never_removes_more(things: list[int], keep: int, in_use: set[int], more: int) -> None:
    going = {*surplus(things, keep, in_use)}
    assert {*surplus(things, keep + 1, in_use)} <= going
    assert {*surplus(things, keep, in_use | {more})} <= going


@pytest.mark.parametrize(("field", "value"), [("versions", -1), ("values", 0), ("runs", -1)])
def test_a_policy_that_would_keep_less_than_nothing_is_refused(field: str, value: int) -> None:
    with pytest.raises(ParameterError, match=f"{field} = {value}"):
        RetentionParameters(**{field: value})
