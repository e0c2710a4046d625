"""User-kNN: scores worked by hand, the limits on neighbours, and contributions that add up."""

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.schema import MOVIELENS
from recsys_core.errors import ShapeError
from recsys_core.scoring import Scorer
from recsys_core.sources.user_knn import UserKNNModel, UserKNNParameters, fit_user_knn
from recsys_core.testing import ScorerContract, planted_interactions, user_item_matrices
from recsys_core.testing.hybrids import as_interactions

SCALE = MOVIELENS.feedback
SMALL = UserKNNParameters(neighbours=8, shrinkage=2.0)


def fit(ratings: NDArray[np.floating] | csr_matrix, parameters: UserKNNParameters = SMALL) -> UserKNNModel:
    matrix = csr_matrix(ratings, dtype=np.float32)
    ids = np.arange(1, matrix.shape[1] + 1, dtype=np.int64)
    return fit_user_knn(as_interactions(matrix, ids), parameters, feedback=SCALE)


class TestUserKNNKeepsTheScorerContract(ScorerContract):
    def fit(self, user_items: csr_matrix, item_ids: NDArray[np.int64]) -> Scorer:
        return fit_user_knn(as_interactions(user_items, item_ids), SMALL, feedback=SCALE)


def test_scores_are_the_cosines_times_what_the_neighbours_rated() -> None:
    model = fit(np.array([[5, 5, 0], [0, 5, 5]]), UserKNNParameters(neighbours=2, shrinkage=0.0))
    weights = model.title_weights.astype(np.float64)
    cosine = weights[0] / np.sqrt(weights[0] * (weights[0] + weights[1]))
    np.testing.assert_allclose(model.score(csr_matrix(np.float32([[5, 0, 0]])))[0], [cosine, cosine, 0], rtol=1e-5)


def test_a_rare_title_says_more_than_one_that_everybody_rated() -> None:
    ratings = np.zeros((20, 3))
    ratings[:, 0] = 5
    ratings[0, 1] = 5
    weights = fit(ratings).title_weights
    assert weights[1] > weights[0]


def test_only_the_nearest_neighbours_vote() -> None:
    ratings = np.array([[5, 5, 0, 0], [5, 0, 5, 0], [0, 0, 5, 5]])
    nearest = fit(ratings, UserKNNParameters(neighbours=1, shrinkage=0.0))
    votes = nearest.score(csr_matrix(np.float32([[5, 4, 0, 0]])))[0]
    assert votes[1] > 0
    assert votes[2] == votes[3] == 0


def test_neighbours_are_sought_among_a_limited_seeded_draw_of_people() -> None:
    data = planted_interactions(60, 40, 900, seed=3)
    few = SMALL.replace(max_users=10)
    model, again = (fit_user_knn(data, few, feedback=SCALE) for _ in range(2))
    assert model.strength.shape[0] == 10
    np.testing.assert_array_equal(model.strength.toarray(), again.strength.toarray())
    other = fit_user_knn(data, few.replace(seed=1), feedback=SCALE)
    assert not np.array_equal(model.strength.toarray(), other.strength.toarray())


@given(ratings=user_item_matrices(min_users=3, max_users=9, min_items=4, max_items=9, min_ratings=6))
def test_contributions_add_up_to_the_scores_and_their_means_to_the_mean(ratings: csr_matrix) -> None:
    model = fit(ratings)
    for row in range(ratings.shape[0]):
        scores = model.score(ratings[[row]])[0]
        parts, means = model.contributions(ratings[[row]], np.arange(ratings.shape[1]))
        assert parts.shape == (ratings.shape[1], ratings[[row]].nnz)
        np.testing.assert_allclose(parts.sum(axis=1), scores, rtol=0, atol=1e-5)
        assert means.sum() == pytest.approx(scores.mean(), abs=1e-5)


def test_arrays_of_different_widths_are_refused() -> None:
    model = fit(np.array([[5, 5, 0], [0, 5, 5]]))
    with pytest.raises(ShapeError, match="strength has 3 columns"):
        UserKNNModel(model.item_ids[:2], model.strength, model.title_weights, SMALL, SCALE.maximum)
