"""Ridge regression from features to item factors: its optimum, its two forms and never-rated items."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.dataset.schema import MOVIELENS
from recsys_core.errors import ShapeError
from recsys_core.features import ItemFeatures
from recsys_core.sources.als import ALSParameters, fit_als
from recsys_core.sources.content import FeatureRidge, FeatureRidgeParameters, fit_feature_ridge
from recsys_core.storage import atomic_directory
from recsys_core.testing import item_feature_sets, planted_features, planted_interactions

WEIGHTS = {"genre": 1.0, "decade": 0.5, "tags": 0.7, "genome": 2.0}


def factors_of(n_items: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (n_items, 3)).astype(np.float32)


@given(n_items=st.integers(1, 12), data=st.data(), penalty=st.sampled_from([0.5, 5.0]))
def test_coefficients_solve_the_ridge_equations_in_either_form(
    n_items: int, data: st.DataObject, penalty: float
) -> None:
    features = data.draw(item_feature_sets(n_items=n_items))
    factors = factors_of(n_items)
    ridge = fit_feature_ridge(features, factors, FeatureRidgeParameters(regularization=penalty, group_weights=WEIGHTS))
    design = np.hstack([WEIGHTS[name] * matrix.toarray() for name, matrix in features.groups.items()])
    residual = factors - factors.mean(axis=0)
    expected = np.linalg.solve(design.T @ design + penalty * np.eye(design.shape[1]), design.T @ residual)
    np.testing.assert_allclose(ridge.coefficients, expected, rtol=0, atol=1e-4)
    np.testing.assert_allclose(ridge.predict(features), design @ expected + factors.mean(axis=0), rtol=0, atol=1e-4)


def test_an_item_without_features_gets_the_mean_factors() -> None:
    features = ItemFeatures(
        np.array([1, 2]), {"tags": csr_matrix(np.array([[1.0], [0.0]], dtype=np.float32))}, {"tags": ["fun"]}
    )
    factors = factors_of(2)
    ridge = fit_feature_ridge(features, factors, FeatureRidgeParameters())
    np.testing.assert_allclose(ridge.predict(features)[1], factors.mean(axis=0), atol=1e-6)


def test_never_rated_items_are_ranked_by_taste() -> None:
    data = planted_interactions(200, 80, 5000, seed=2)
    features = planted_features(data.item_ids)
    warm = np.arange(data.n_items) % 10 != 0
    train = data.with_items(data.item_ids[warm])
    als = fit_als(
        train.ratings,
        train.item_ids,
        ALSParameters(factors=8, regularization=1, iterations=8),
        feedback=MOVIELENS.feedback,
    )
    ridge = fit_feature_ridge(
        features.select(train.item_ids), als.item_factors, FeatureRidgeParameters(regularization=20.0)
    )
    cold_ids = data.item_ids[~warm]
    scores = als.fold_in(train.ratings) @ ridge.predict(features.select(cold_ids)).T
    same_taste = (data.user_ids[:, None] // 10 - 1) % 4 == (cold_ids[None, :] // 3 - 1) % 4
    assert scores[same_taste].mean() > scores[~same_taste].mean() + scores.std()


def test_a_ridge_survives_storage(tmp_path: Path) -> None:
    features = planted_features(np.arange(3, 60, 3))
    ridge = fit_feature_ridge(features, factors_of(19), FeatureRidgeParameters())
    with atomic_directory(tmp_path / "ridge") as staging:
        ridge.save(staging)
    loaded = FeatureRidge.load(tmp_path / "ridge")
    np.testing.assert_array_equal(loaded.predict(features), ridge.predict(features))
    assert loaded.parameters == ridge.parameters


def test_groups_without_a_weight_take_no_part() -> None:
    features = planted_features(np.arange(3, 60, 3))
    ridge = fit_feature_ridge(features, factors_of(19), FeatureRidgeParameters(group_weights={"genre": 1.0}))
    assert ridge.columns == {"genre": 4}
    none = fit_feature_ridge(features, factors_of(19), FeatureRidgeParameters(group_weights={}))
    np.testing.assert_allclose(none.predict(features), np.tile(factors_of(19).mean(axis=0), (19, 1)), atol=1e-6)


def test_factors_of_other_items_are_refused() -> None:
    with pytest.raises(ShapeError, match="item_factors have 5 rows, features 19 items"):
        fit_feature_ridge(planted_features(np.arange(3, 60, 3)), factors_of(5), FeatureRidgeParameters())


def test_features_built_apart_are_refused() -> None:
    ridge = fit_feature_ridge(planted_features(np.arange(3, 60, 3)), factors_of(19), FeatureRidgeParameters())
    with pytest.raises(ShapeError, match="genre has 2 columns, expected 4"):
        ridge.predict(planted_features(np.arange(3, 60, 3), n_tastes=2))
