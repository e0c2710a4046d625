"""What is known of people: rows and choices of them, times, counts of likes, and shapes that do not fit."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.errors import ShapeError
from recsys_core.histories import Histories
from recsys_core.scoring import check_histories
from recsys_core.testing import histories_of, planted_interactions

SOME = histories_of(n_items=6, n_cold=3, max_users=6)


@cache
def _train() -> UserItemMatrix:
    return planted_interactions(20, 12, 120, seed=1)


def assert_rows(found: Histories, whole: Histories, users: list[int]) -> None:
    assert found.n_users == len(users)
    np.testing.assert_array_equal(found.ratings.toarray(), whole.ratings.toarray()[users])
    assert (found.times is None) == (whole.times is None)
    assert (found.cold is None) == (whole.cold is None)
    if found.times is not None and whole.times is not None:
        bounds = whole.ratings.indptr
        expected = [whole.times[bounds[user] : bounds[user + 1]] for user in users]
        np.testing.assert_array_equal(found.times, np.concatenate([np.zeros(0, dtype=np.int64), *expected]))
    if found.cold is not None and whole.cold is not None:
        np.testing.assert_array_equal(found.cold.toarray(), whole.cold.toarray()[users])


def test_a_matrix_of_ratings_brings_its_times_and_a_bare_one_has_none() -> None:
    found = Histories.of(_train())
    assert found.times is _train().timestamps
    assert Histories.of(found) is found
    assert Histories.of(_train().ratings).times is None


@given(histories=SOME, start=st.integers(0, 6), length=st.integers(0, 9))
def test_rows_are_those_users_with_all_that_is_known_of_them(histories: Histories, start: int, length: int) -> None:
    start = min(start, histories.n_users)
    assert_rows(
        histories.rows(start, start + length), histories, list(range(start, min(start + length, histories.n_users)))
    )


@given(histories=SOME, wanted=st.sets(st.integers(0, 5)))
def test_only_some_users_are_kept_with_all_that_is_known_of_them(histories: Histories, wanted: set[int]) -> None:
    users = sorted(user for user in wanted if user < histories.n_users)
    assert_rows(histories.only(np.asarray(users, dtype=np.int64)), histories, users)


@given(histories=SOME)
def test_lengths_and_newest_times_are_those_of_each_user(histories: Histories) -> None:
    bounds = histories.ratings.indptr
    np.testing.assert_array_equal(histories.lengths, [row.nnz for row in histories.ratings])
    rows = [slice(bounds[user], bounds[user + 1]) for user in range(histories.n_users)]
    times = np.zeros(0) if histories.times is None else histories.times
    expected = [times[row].max(initial=-1) if len(times[row]) else -7 for row in rows]
    assert histories.newest(otherwise=-7).tolist() == expected


@given(
    lengths=st.lists(st.integers(0, 6), min_size=1, max_size=5),
    seed=st.integers(0, 999),
    span=st.sampled_from([1, 200, 10**9]),
    within=st.sampled_from([0, 60, 1000]),
)
def test_the_newer_ratings_of_the_same_user_are_counted(lengths: list[int], seed: int, span: int, within: int) -> None:
    rng = np.random.default_rng(seed)
    times = rng.integers(-5, span, sum(lengths))
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    columns = np.concatenate([np.arange(length) for length in lengths]).astype(np.int32)
    ratings = csr_matrix((np.ones(len(times), dtype=np.float32), columns, bounds), shape=(len(lengths), 6))
    users = np.repeat(np.arange(len(lengths)), lengths)
    newer = (users[:, None] == users) & (times > times[:, None] + within)
    np.testing.assert_array_equal(Histories(ratings, times).n_newer(within), newer.sum(axis=1))


def test_without_times_no_rating_is_newer() -> None:
    assert not Histories(_train().ratings).n_newer(0).any()


@given(histories=SOME)
def test_likes_are_ratings_of_both_kinds_of_items_that_are_no_dislikes(histories: Histories) -> None:
    matrices = [histories.ratings] + ([] if histories.cold is None else [histories.cold])
    expected = sum((matrix.toarray() >= 3.0).sum(axis=1) for matrix in matrices)
    np.testing.assert_array_equal(histories.n_liked(MOVIELENS.feedback), expected)
    everything = sum(np.diff(matrix.indptr) for matrix in matrices)
    np.testing.assert_array_equal(histories.n_liked(Feedback.events()), everything)


def test_a_rating_of_nought_is_a_dislike_and_a_nought_of_counts_is_none() -> None:
    histories = Histories(csr_matrix((np.float32([0, 10]), [0, 3], [0, 2]), shape=(1, 4)))
    assert histories.lengths.tolist() == [2]
    assert histories.n_liked(Feedback(0.0, 10.0, 1.0)).tolist() == [1]
    assert histories.n_liked(Feedback(0.0, 10.0, 1.0, "counts")).tolist() == [2]


def test_numbers_of_cold_items_follow_those_of_the_warm_ones() -> None:
    ratings, cold = csr_matrix(np.float32([[0, 4, 5]])), csr_matrix(np.float32([[3, 0, 1]]))
    assert Histories(ratings).item_nums.tolist() == [1, 2]
    assert Histories(ratings, None, cold).item_nums.tolist() == [1, 2, 3, 5]


def test_shapes_that_do_not_belong_together_are_refused() -> None:
    ratings = _train().ratings
    with pytest.raises(ShapeError, match=f"3 times for {ratings.nnz} ratings"):
        Histories(ratings, np.arange(3))
    with pytest.raises(ShapeError, match=f"cold ratings have 2 rows, the others {ratings.shape[0]}"):
        Histories(ratings, None, csr_matrix((2, 4), dtype=np.float32))


def test_checked_histories_are_canonical_and_keep_times_and_cold_ratings() -> None:
    histories = Histories(_train().ratings, _train().timestamps, csr_matrix((_train().n_users, 2), dtype=np.float32))
    assert check_histories(histories, _train().n_items) is histories
    wide = Histories(csr_matrix(_train().ratings, dtype=np.float64), histories.times, histories.cold)
    found = check_histories(wide, _train().n_items)
    assert found.ratings.dtype == np.float32
    assert_rows(found, histories, list(range(_train().n_users)))
    backwards = csr_matrix((np.float32([1, 2]), [3, 0], [0, 2]), shape=(1, 12))
    with pytest.raises(ShapeError, match="ratings with times are not sorted and unique"):
        check_histories(Histories(backwards, np.array([5, 6])), 12)
