"""User-kNN: scores worked by hand, the limits on neighbours, their times, and parts that add up."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.errors import ShapeError
from recsys_core.histories import Histories
from recsys_core.sources.user_knn import KIND, UserKNNModel, UserKNNParameters, fit_user_knn
from recsys_core.sparse_rows import selected
from recsys_core.testing import planted_interactions, user_item_matrices
from recsys_core.testing.hybrids import as_interactions
from recsys_core.testing.source_contract import SourceContract

SCALE = MOVIELENS.feedback
SMALL = UserKNNParameters(neighbours=8, shrinkage=2.0)


def fit(ratings: NDArray[np.floating] | csr_matrix, parameters: UserKNNParameters = SMALL) -> UserKNNModel:
    matrix = csr_matrix(ratings, dtype=np.float32)
    ids = np.arange(1, matrix.shape[1] + 1, dtype=np.int64)
    return fit_user_knn(as_interactions(matrix, ids), parameters, feedback=SCALE)


class TestUserKNNKeepsTheSourceContract(SourceContract):
    kind = KIND
    parameters = SMALL


def test_scores_are_the_cosines_times_what_the_neighbours_rated() -> None:
    model = fit(np.array([[5, 5, 0], [0, 5, 5]]), UserKNNParameters(neighbours=2, shrinkage=0.0))
    weights = model.title_weights.astype(np.float64)
    cosine = weights[0] / np.sqrt(weights[0] * (weights[0] + weights[1]))
    for others in ([], [[0, 0, 0], [1, 0, 0]]):  # alone, and in a batch with people who like nothing
        scores = model.score(csr_matrix(np.float32([[5, 0, 0], *others])))
        np.testing.assert_allclose(scores[0], [cosine, cosine, 0], rtol=1e-5)
        assert not scores[1:].any()


def test_a_rare_title_says_more_than_one_that_everybody_rated() -> None:
    ratings = np.zeros((20, 3))
    ratings[:, 0] = 5
    ratings[0, 1] = 5
    weights = fit(ratings).title_weights
    assert weights[1] > weights[0]


def test_only_the_nearest_neighbours_vote() -> None:
    ratings = np.array([[5, 5, 0, 0], [5, 0, 5, 0], [0, 0, 5, 5]])
    nearest = fit(ratings, UserKNNParameters(neighbours=1, shrinkage=0.0))
    for others in ([], [[0, 0, 0, 0]]):
        votes = nearest.score(csr_matrix(np.float32([[5, 4, 0, 0], *others])))[0]
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
def test_parts_add_up_to_the_scores_and_a_dislike_gives_nothing(ratings: csr_matrix) -> None:
    model = fit(ratings)
    for row in range(ratings.shape[0]):
        parts = model.parts(Histories(ratings[[row]]), selected(np.arange(ratings.shape[1]), ratings.shape[1]))
        assert parts.shape == (ratings.shape[1], ratings[[row]].nnz)
        np.testing.assert_allclose(parts.sum(axis=1), model.score(ratings[[row]])[0], rtol=0, atol=1e-5)
        assert not parts[:, SCALE.disliked(ratings[[row]].data)].any()


def test_own_dislikes_find_no_neighbours() -> None:
    model = fit(np.array([[1, 5, 0, 5], [2, 5, 5, 0]]))
    disliking = csr_matrix(np.float32([[1, 2, 0, 0]]))
    assert not model.score(disliking).any()
    liking = csr_matrix(np.float32([[0, 5, 0, 0], [1, 5, 0, 0]]))
    np.testing.assert_array_equal(*model.score(liking))


@pytest.mark.parametrize("years", [0.0, 1.0, 3.0, 30.0])
def test_a_neighbour_of_another_time_counts_less(years: float) -> None:
    matrix = as_interactions(csr_matrix(np.float32([[5, 5, 0]])), np.array([1, 2, 3]))
    then = replace(matrix, timestamps=np.full(2, 1_000_000_000))
    parameters = UserKNNParameters(neighbours=1, shrinkage=1.5, time_floor=0.3, half_life=3.0)
    model = fit_user_knn(then, parameters, feedback=SCALE)
    ratings = csr_matrix(np.float32([[5, 0, 0], [4, 4, 0]]))
    moment = 1_000_000_000 - int(years * 365.25 * 86_400)
    histories = Histories(ratings, np.array([moment, moment - 77, moment]))
    expected = (0.3 + 0.7 * 0.5 ** (years / 3.0)) * model.score(ratings)
    np.testing.assert_allclose(model.score(histories), expected, rtol=1e-5)
    for user in range(2):
        np.testing.assert_allclose(model.score(histories.rows(user, user + 1))[0], expected[user], rtol=1e-5)
        parts = model.parts(histories.rows(user, user + 1), selected(np.arange(3), len(model.item_ids)))
        np.testing.assert_allclose(parts.sum(axis=1), expected[user], rtol=1e-5)
    alike = fit_user_knn(then, parameters.replace(time_floor=1.0), feedback=SCALE)
    np.testing.assert_array_equal(alike.score(histories), alike.score(ratings))


def test_somebody_after_training_is_of_its_last_moment() -> None:
    data = planted_interactions(60, 40, 900, seed=3)
    model = fit_user_knn(data, SMALL.replace(half_life=1e-4), feedback=SCALE)
    ratings, newest = data.ratings[:3], int(model.times.max())
    last, later = (Histories(ratings, np.full(ratings.nnz, moment)) for moment in (newest, newest + 10**9))
    np.testing.assert_array_equal(model.score(later), model.score(last))


def test_arrays_of_different_widths_are_refused() -> None:
    model = fit(np.array([[5, 5, 0], [0, 5, 5]]))
    with pytest.raises(ShapeError, match="strength has 3 columns"):
        UserKNNModel(model.item_ids[:2], model.strength, model.title_weights, model.times, SMALL, SCALE)


@pytest.mark.parametrize("famous", [-1.0, 0.2, 0.4, 1.0])
def test_how_many_titles_are_summed_densely_does_not_show(famous: float, monkeypatch: pytest.MonkeyPatch) -> None:
    data = planted_interactions(60, 40, 900, seed=3)
    model = fit_user_knn(data, SMALL, feedback=SCALE)
    alone = np.vstack([model.score(data.ratings[[row]]) for row in range(20)])
    monkeypatch.setattr("recsys_core.sources.user_knn.model._FAMOUS", famous)
    np.testing.assert_allclose(model.score(data.ratings[:20]), alone, atol=1e-5)


def test_of_some_days_a_half_life_that_is_not_given_is_three_quarters_of_them() -> None:
    matrix = as_interactions(csr_matrix(np.float32([[5, 5, 0], [0, 5, 5]])), np.array([1, 2, 3]))
    day, asked = 86_400, csr_matrix(np.float32([[5, 0, 0]]))
    first = 1_000_000_000
    data = replace(matrix, timestamps=np.array([first, first, first + 8 * day, first + 8 * day]))
    model = fit_user_knn(data, UserKNNParameters(neighbours=1, time_floor=0.0), feedback=SCALE)
    later = model.score(Histories(asked, np.array([first + 6 * day])))
    np.testing.assert_allclose(later, 0.5 * model.score(Histories(asked, np.array([first]))), rtol=1e-5)
