"""Kernel ridge regression from features: its optimum, what carries no weight, and never-rated items."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.features import ItemFeatures
from recsys_core.hybrid.feature_ridge import FeatureRidgeParameters, feature_ridge
from recsys_core.sources.als import ALSParameters, fit_als
from recsys_core.testing import item_feature_sets, planted_features, planted_interactions

WEIGHTS = {"genre": 1.0, "decade": 0.5, "tags": 0.7, "genome": 2.0}


@given(
    n_warm=st.integers(1, 12),
    n_cold=st.integers(0, 3),
    data=st.data(),
    penalty=st.sampled_from([0.5, 5.0]),
    power=st.sampled_from([0.0, 0.5]),
    max_items=st.sampled_from([4, 50]),
)
def test_the_map_gives_what_ridge_regression_on_features_and_their_pairs_predicts(
    n_warm: int, n_cold: int, data: st.DataObject, penalty: float, power: float, max_items: int
) -> None:
    features = data.draw(item_feature_sets(n_items=n_warm + n_cold))
    n_ratings = np.arange(n_warm)
    parameters = FeatureRidgeParameters(
        regularization=penalty, group_weights=WEIGHTS, count_power=power, max_items=max_items
    )
    found = feature_ridge(features, n_warm, n_ratings, parameters)
    assert found.shape == (n_cold, n_warm)
    assert found.dtype == np.float32
    design = np.hstack([WEIGHTS[name] * matrix.toarray() for name, matrix in features.groups.items()])
    pairs = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
    design = np.hstack([np.sqrt(2) * design, pairs])
    values = np.random.default_rng(0).normal(0, 1, (n_warm, 3))
    learnt = slice(max(0, n_warm - max_items), n_warm)  # those with the most ratings
    counts = (n_ratings[learnt].astype(np.float64) ** power)[:, None]
    warm = design[learnt]
    normal = warm.T @ (counts * warm) + penalty * np.eye(design.shape[1])
    coefficients = np.linalg.solve(normal, warm.T @ (counts * values[learnt]))
    np.testing.assert_allclose(found @ values, design[n_warm:] @ coefficients, rtol=0, atol=1e-4)


def test_a_prediction_rests_on_so_many_items_at_most_those_that_count_most() -> None:
    features = planted_features(np.arange(3, 90, 3))
    n_ratings = np.arange(1, 26)
    whole, few = (feature_ridge(features, 25, n_ratings, FeatureRidgeParameters(most=most)) for most in (1024, 5))
    for all_of_it, kept in zip(whole.toarray(), few, strict=True):
        assert kept.nnz <= 5
        np.testing.assert_allclose(np.sort(np.abs(kept.data)), np.sort(np.abs(all_of_it))[-5:], rtol=1e-6)
        np.testing.assert_allclose(kept.data, all_of_it[kept.indices], rtol=1e-6)


@pytest.mark.parametrize("weights", [{}, {"decade": 1.0}])
def test_without_a_group_that_counts_nothing_is_predicted(weights: dict[str, float]) -> None:
    parameters = FeatureRidgeParameters(group_weights=weights)
    found = feature_ridge(planted_features(np.arange(3, 60, 3)), 15, np.ones(15, dtype=np.int64), parameters)
    assert found.shape == (4, 15)
    assert not found.toarray().any()


def test_an_item_without_features_is_predicted_to_be_like_the_mean() -> None:
    tags = csr_matrix(np.float32([[1.0], [0.5], [0.0]]))
    features = ItemFeatures(np.array([1, 2, 3]), {"tags": tags}, {"tags": ["fun"]})
    assert not feature_ridge(features, 2, np.array([3, 4]), FeatureRidgeParameters()).toarray().any()


def test_never_rated_items_are_ranked_by_taste() -> None:
    data = planted_interactions(200, 80, 5000, seed=2)
    warm = np.arange(data.n_items) % 10 != 0
    train = data.with_items(data.item_ids[warm])
    parameters = ALSParameters(factors=8, regularization=1, iterations=8)
    als = fit_als(train.ratings, train.item_ids, parameters, feedback=MOVIELENS.feedback)
    features = planted_features(data.item_ids).with_first(train.item_ids)
    n_ratings = np.bincount(train.ratings.indices, minlength=train.n_items)
    found = feature_ridge(features, train.n_items, n_ratings, FeatureRidgeParameters(regularization=20.0))
    cold_ids = features.item_ids[train.n_items :]
    scores = als.score(train) @ found.T
    same_taste = (data.user_ids[:, None] // 10 - 1) % 4 == (cold_ids[None, :] // 3 - 1) % 4
    assert scores[same_taste].mean() > scores[~same_taste].mean() + scores.std()
