"""Ids become row numbers and find them again, whatever numbers they are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.dataset.numbering import numbered, positions_in

any_id = st.one_of(st.integers(1, 30), st.integers(2**40, 2**40 + 5), st.integers(-5, 0))
runs = st.lists(st.tuples(any_id, st.integers(1, 20)), max_size=10)


@given(
    st.one_of(st.lists(any_id), st.lists(st.integers(0, 30)), runs.map(lambda of: [i for i, n in of for _ in range(n)]))
)
def test_every_entry_is_the_one_that_its_number_says_in_a_sorted_vocabulary(ids: list[int]) -> None:
    vocabulary, numbers = numbered(np.array(ids, dtype=np.int64))
    assert vocabulary.tolist() == sorted(set(ids))
    assert vocabulary[numbers].tolist() == ids
    assert (vocabulary.dtype, numbers.dtype) == (np.int64, np.int32)


@given(st.lists(any_id, unique=True), st.lists(any_id))
def test_positions_are_those_in_the_vocabulary_or_minus_one(vocabulary: list[int], ids: list[int]) -> None:
    ordered = sorted(vocabulary)
    found = positions_in(np.array(ordered, dtype=np.int64), np.array(ids, dtype=np.int64))
    assert found.dtype == np.int64
    assert found.tolist() == [ordered.index(i) if i in ordered else -1 for i in ids]
