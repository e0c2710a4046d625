"""Means and spreads over the catalogue: closed forms against the scores themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_matrix

from recsys_core.sources.moments import ItemMoments, Moments, dense_moments, moments_of_sums, sparse_moments

VALUES = st.floats(-3, 3, width=32)


@given(users=hnp.arrays(np.float32, (3, 4), elements=VALUES), items=hnp.arrays(np.float32, (6, 4), elements=VALUES))
def test_moments_in_closed_form_are_those_of_the_scores(users: np.ndarray, items: np.ndarray) -> None:
    found = ItemMoments.of(items).for_users(users)
    scores = users.astype(np.float64) @ items.astype(np.float64).T
    np.testing.assert_allclose(found.mean, scores.mean(axis=1), atol=1e-9)
    np.testing.assert_allclose(found.std, scores.std(axis=1), atol=1e-4)


@given(items=hnp.arrays(np.float32, (7, 3), elements=VALUES))
def test_item_vectors_are_taken_in_blocks(items: np.ndarray) -> None:
    whole = ItemMoments.of(items)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recsys_core.sources.moments._BLOCK_ITEMS", 3)
        found = ItemMoments.of(items)
    np.testing.assert_allclose(found.mean, whole.mean, atol=1e-12)
    np.testing.assert_allclose(found.covariance, whole.covariance, atol=1e-12)


@given(scores=hnp.arrays(np.float32, (3, 5), elements=VALUES))
def test_moments_follow_from_sums(scores: np.ndarray) -> None:
    exact = scores.astype(np.float64)
    found = moments_of_sums(exact.sum(axis=1), np.square(exact).sum(axis=1), 5)
    np.testing.assert_allclose(found.mean, exact.mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(found.std, exact.std(axis=1), atol=1e-5)


@given(scores=hnp.arrays(np.float32, (3, 5), elements=VALUES), n_silent=st.integers(0, 4))
def test_items_without_a_column_count_as_zeros(scores: np.ndarray, n_silent: int) -> None:
    found = dense_moments(scores, n_items=5 + n_silent)
    padded = np.concatenate([scores, np.zeros((3, n_silent), dtype=np.float32)], axis=1).astype(np.float64)
    np.testing.assert_allclose(found.mean, padded.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(found.std, padded.std(axis=1), atol=1e-4)


def test_scores_that_are_all_equal_standardise_to_zero() -> None:
    scores = np.full((2, 7), 0.3, dtype=np.float32)
    moments = dense_moments(scores)
    np.testing.assert_array_equal(moments.std, 0)
    np.testing.assert_array_equal(moments.scale(), 0)
    np.testing.assert_array_equal(moments.standardise(scores), 0)


def test_equal_item_vectors_have_no_spread() -> None:
    items = np.tile(np.float32([0.1, 0.7, -0.3]), (9, 1))
    moments = ItemMoments.of(items).for_users(np.float32([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]))
    np.testing.assert_array_equal(moments.scale(), 0)


def test_no_items_have_no_spread() -> None:
    assert dense_moments(np.zeros((2, 0), dtype=np.float32)).std.tolist() == [0, 0]
    assert ItemMoments.of(np.zeros((0, 3))).for_users(np.ones((2, 3))).std.tolist() == [0, 0]


def test_a_large_catalogue_keeps_its_precision() -> None:
    rng = np.random.default_rng(0)
    scores = (rng.random((4, 60_000)) + 50).astype(np.float32)
    found = dense_moments(scores)
    np.testing.assert_allclose(found.std, scores.astype(np.float64).std(axis=1), rtol=1e-4)


@pytest.mark.parametrize("share", [0.01, 0.1, 1.0, 10.0])
def test_a_spread_far_below_the_usual_one_is_not_blown_up_to_full_evidence(share: float) -> None:
    usual = 0.5
    scores = np.float32([[0, share * usual, 2 * share * usual]])
    moments = dense_moments(scores)
    spread = moments.standardise(scores, steady=usual).std()
    ratio = float(moments.std[0]) / usual
    assert spread == pytest.approx(ratio / np.hypot(ratio, 1), rel=1e-4)


def test_a_source_that_says_nothing_stays_silent_beside_a_usual_spread() -> None:
    assert Moments(np.ones(2), np.array([0.0, 2.0])).scale(steady=1.5).tolist() == [0.0, 0.4]


@given(scores=hnp.arrays(np.float32, (3, 6), elements=VALUES | st.just(0.0)))
def test_scores_without_an_entry_count_as_zeros(scores: np.ndarray) -> None:
    found = sparse_moments(csr_matrix(scores))
    np.testing.assert_allclose(found.mean, scores.mean(axis=1, dtype=np.float64), atol=1e-6)
    np.testing.assert_allclose(found.std, scores.astype(np.float64).std(axis=1), atol=1e-4)
    assert sparse_moments(csr_matrix(np.zeros((2, 0), dtype=np.float32))).std.tolist() == [0, 0]


def test_a_large_batch_has_the_moments_of_each_row_alone() -> None:
    scores = np.random.default_rng(0).random((5, 40_000)).astype(np.float32)
    whole = dense_moments(scores)
    for num, row in enumerate(scores):
        alone = dense_moments(row[None, :])
        assert (whole.mean[num], whole.std[num]) == (alone.mean[0], alone.std[0])
