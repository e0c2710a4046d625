"""EASE: the contract, the closed form against constrained least squares, and limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.errors import ParameterError, ShapeError
from recsys_core.histories import Histories
from recsys_core.sources.ease import KIND, EASEModel, EASEParameters, fit_ease
from recsys_core.sources.ease.fit import most_rated, solve_ease, solve_ease_by_users
from recsys_core.sparse_rows import selected
from recsys_core.testing import checkerboard, planted_features, planted_interactions, user_item_matrices
from recsys_core.testing.source_contract import SourceContract

SCALE = MOVIELENS.feedback
SMALL = EASEParameters(regularization=3.0, min_item_ratings=1)


def fit(user_items: csr_matrix, parameters: EASEParameters = SMALL) -> EASEModel:
    item_ids = np.arange(1, user_items.shape[1] + 1, dtype=np.int64)
    return fit_ease(user_items, item_ids, parameters, feedback=SCALE)


class TestEASEKeepsTheSourceContract(SourceContract):
    kind = KIND
    parameters = SMALL


class TestEASEWithALimitKeepsTheSourceContract(SourceContract):
    kind = KIND
    parameters = SMALL.replace(max_items=7)


@given(ratings=user_item_matrices(), penalty=st.sampled_from([0.5, 4.0, 60.0]))
def test_each_column_is_the_ridge_regression_of_its_item_on_all_others(ratings: csr_matrix, penalty: float) -> None:
    x = ratings.toarray().astype(np.float64)
    weights = solve_ease(x.T @ x, penalty)
    np.testing.assert_array_equal(np.diag(weights), 0)
    for item in range(x.shape[1]):
        others = np.arange(x.shape[1]) != item
        gram = x[:, others].T @ x[:, others] + penalty * np.eye(others.sum())
        expected = np.linalg.solve(gram, x[:, others].T @ x[:, item])
        np.testing.assert_allclose(weights[others, item], expected, rtol=0, atol=1e-4)


@given(ratings=user_item_matrices(), penalty=st.sampled_from([0.5, 4.0, 60.0]))
def test_the_solution_by_users_is_the_solution_by_items(ratings: csr_matrix, penalty: float) -> None:
    x = ratings.toarray().astype(np.float64)
    by_users = solve_ease_by_users(ratings, penalty)
    np.testing.assert_array_equal(np.diag(by_users), 0)
    np.testing.assert_allclose(by_users, solve_ease(x.T @ x, penalty), rtol=0, atol=1e-4)


def test_the_withheld_diagonal_of_a_checkerboard_comes_first() -> None:
    ratings = checkerboard(50)
    scores = fit(ratings).score(ratings)
    scores[ratings.nonzero()] = -np.inf
    np.testing.assert_array_equal(scores.argmax(axis=1), np.arange(50))


def test_items_beyond_the_limit_score_zero() -> None:
    data = planted_interactions(100, 40, 2000, seed=1)
    model = fit_ease(data.ratings, data.item_ids, SMALL.replace(max_items=10), feedback=SCALE)
    outside = np.setdiff1d(np.arange(data.n_items), model.kept_nums)
    scores = model.score(data.ratings)
    assert len(model.kept_nums) == 10
    assert not scores[:, outside].any()
    assert scores[:, model.kept_nums].any(axis=0).all()


def test_the_limit_keeps_the_most_rated_and_of_equals_the_first() -> None:
    ratings = csr_matrix(np.array([[1, 1, 1, 0, 1], [0, 1, 0, 0, 1], [0, 1, 0, 0, 0]], dtype=np.float32))
    np.testing.assert_array_equal(most_rated(ratings, 3), [0, 1, 4])
    np.testing.assert_array_equal(most_rated(ratings, 99), [0, 1, 2, 4])  # item 3 has no rating


def test_a_limited_model_is_the_full_model_of_the_kept_items() -> None:
    data = planted_interactions(100, 40, 2000, seed=1)
    limited = fit(data.ratings, SMALL.replace(max_items=12))
    alone = fit(csr_matrix(data.ratings[:, limited.kept_nums]))
    np.testing.assert_allclose(limited.weights, alone.weights, rtol=0, atol=1e-6)


def test_power_zero_counts_every_rating_the_same() -> None:
    low = csr_matrix(np.array([[1, 1, 0], [0, 1, 1]], dtype=np.float32))
    binary = SMALL.replace(rating_power=0)
    np.testing.assert_array_equal(fit(low, binary).weights, fit(low * 5, binary).weights)


def test_training_without_a_rating_gives_zero_scores() -> None:
    nothing = csr_matrix(np.zeros((3, 4), dtype=np.float32))
    model = fit(nothing)
    assert not model.score(nothing).any()
    assert model.parts(Histories(nothing[[0]]), selected(np.array([1]), len(model.item_ids))).shape == (1, 0)


@pytest.mark.parametrize("regularization", [0.0, -1.0])
def test_a_penalty_that_is_not_positive_is_refused(regularization: float) -> None:
    with pytest.raises(ParameterError, match=r"regularization.*more than 0"):
        EASEParameters(regularization=regularization)


@given(ratings=user_item_matrices(min_items=4), weight=st.sampled_from([0.3, 5.0]))
def test_features_count_like_further_users_who_rated_the_items_that_have_them(
    ratings: csr_matrix, weight: float
) -> None:
    ids = np.arange(3, 3 * ratings.shape[1] + 1, 3, dtype=np.int64)
    features = planted_features(ids)
    parameters = SMALL.replace(feature_weight=weight, group_weights={"genre": 0.25}, rating_power=1.0)
    model = fit_ease(ratings, ids, parameters, feedback=SCALE, features=features)
    rows = np.vstack([ratings.toarray() / SCALE.maximum, np.sqrt(0.25 * weight) * features.groups["genre"].toarray().T])
    kept = model.kept_nums
    expected = solve_ease((rows.T @ rows)[np.ix_(kept, kept)], SMALL.regularization)
    np.testing.assert_allclose(model.weights, expected, rtol=0, atol=1e-4)


def test_without_a_feature_weight_the_features_make_no_difference() -> None:
    data = planted_interactions(60, 40, 900, seed=3)
    plain = fit_ease(data.ratings, data.item_ids, SMALL, feedback=SCALE)
    off = fit_ease(
        data.ratings,
        data.item_ids,
        SMALL.replace(feature_weight=0.0),
        feedback=SCALE,
        features=planted_features(data.item_ids),
    )
    np.testing.assert_array_equal(off.weights, plain.weights)


def test_features_of_other_items_are_refused() -> None:
    data = planted_interactions(60, 40, 900, seed=3)
    with pytest.raises(ShapeError, match="do not stand row for row"):
        fit_ease(data.ratings, data.item_ids, SMALL, feedback=SCALE, features=planted_features(data.item_ids[::-1]))


def test_items_with_too_few_ratings_take_no_part_unless_that_leaves_nothing() -> None:
    ratings = csr_matrix(np.float32([[5, 5, 0], [5, 0, 0], [5, 5, 4]]))
    np.testing.assert_array_equal(most_rated(ratings, 9, 2), [0, 1])
    np.testing.assert_array_equal(most_rated(ratings, 9, 50), [0, 1, 2])
