"""The map from ratings to confidence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.feedback import Feedback
from recsys_core.sources.als import ALSParameters, fit_als, rating_confidence
from recsys_core.sources.als.confidence import told_confidence
from recsys_core.testing import rating_values

SCALE = MOVIELENS.feedback


def row(*ratings: float) -> csr_matrix:
    return csr_matrix(np.array([ratings], dtype=np.float32))


def test_the_best_rating_adds_the_whole_weight_and_half_of_it_an_eighth() -> None:
    confidence = rating_confidence(
        row(5.0, 2.5), ALSParameters(confidence_weight=8, rating_power=3, dislike_threshold=0), Feedback(0, 5, 0.5)
    )
    np.testing.assert_allclose(confidence.data, [9.0, 2.0])


def test_power_zero_gives_every_rating_the_same_confidence() -> None:
    confidence = rating_confidence(
        row(3.0, 4.0, 5.0), ALSParameters(confidence_weight=4, rating_power=0, dislike_threshold=0), SCALE
    )
    np.testing.assert_array_equal(confidence.data, [5.0, 5.0, 5.0])


def test_ratings_below_the_threshold_are_confident_zeros() -> None:
    parameters = ALSParameters(confidence_weight=4, dislike_threshold=0.6, dislike_confidence=2.0)
    confidence = rating_confidence(row(2.5, 3.0), parameters, SCALE)
    assert confidence.data[0] == -2.0
    assert confidence.data[1] > 1


def test_ratings_below_the_middle_are_confident_zeros_whatever_the_threshold_is() -> None:
    confidence = rating_confidence(row(2.5, 3.0), ALSParameters(dislike_threshold=0, dislike_confidence=2.0), SCALE)
    assert confidence.data[0] == -2.0
    assert confidence.data[1] > 1


@pytest.mark.parametrize("feedback", [Feedback.events(), Feedback(0.0, 100.0, 1.0, "counts")])
def test_counts_and_events_are_never_confident_zeros(feedback: Feedback) -> None:
    confidence = rating_confidence(row(1.0, 3.0, 1000.0), ALSParameters(confidence_weight=4), feedback).data
    assert confidence.min() >= 1
    assert confidence.tolist() == sorted(confidence)
    assert confidence[2] == 5


@given(first=rating_values(), second=rating_values(), power=st.floats(0, 5), weight=st.floats(0, 50))
def test_a_better_rating_never_has_less_confidence(first: float, second: float, power: float, weight: float) -> None:
    parameters = ALSParameters(confidence_weight=weight, rating_power=power, dislike_threshold=0)
    low, high = sorted((first, second))
    confidence = rating_confidence(row(low, high), parameters, SCALE).data
    assert confidence[0] <= confidence[1] <= (1 + weight) * (1 + 1e-6)
    assert ((confidence >= 1) == (np.array([low, high]) >= SCALE.middle)).all()


def test_the_ratings_are_not_changed() -> None:
    ratings = row(1.0, 5.0)
    rating_confidence(ratings, ALSParameters(), SCALE)
    np.testing.assert_array_equal(ratings.data, [1.0, 5.0])


def test_what_says_no_more_than_no_rating_is_left_out_of_sums() -> None:
    ratings = row(1.0, 5.0, 2.0, 3.0)
    told = told_confidence(ratings, ALSParameters(), SCALE)
    np.testing.assert_array_equal(told.indices, [1, 3])
    np.testing.assert_array_equal(told.data, rating_confidence(ratings, ALSParameters(), SCALE).data[[1, 3]])
    assert ratings.nnz == 4
    assert told_confidence(ratings, ALSParameters(dislike_confidence=2), SCALE).nnz == 4


def test_als_without_dislikes_of_confidence_one_is_als_with_them() -> None:
    rng = np.random.default_rng(0)
    ratings = csr_matrix((rng.random((40, 12)) < 0.4) * rng.integers(1, 6, size=(40, 12)), dtype=np.float32)
    liked = ratings.multiply(ratings >= 3).tocsr()
    parameters = ALSParameters(factors=4, regularization=1.0)
    with_them, without = (
        fit_als(some, np.arange(12), parameters, feedback=SCALE).item_factors for some in (ratings, liked)
    )
    np.testing.assert_array_equal(with_them, without)
