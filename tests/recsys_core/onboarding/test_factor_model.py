"""The Gaussian factor model: fit and posterior against the textbook formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.errors import ShapeError
from recsys_core.onboarding import FactorModel, fit_factor_model
from recsys_core.testing import user_item_matrices


def _drawn_model(seed: int, n_titles: int, factors: int) -> FactorModel:
    rng = np.random.default_rng(seed)
    return FactorModel(
        rng.normal(size=n_titles), rng.normal(size=(n_titles, factors)), rng.uniform(0.1, 2, size=n_titles)
    )


@given(seed=st.integers(0, 1_000), n_titles=st.integers(2, 7), factors=st.integers(1, 4), n_seen=st.integers(0, 7))
def test_the_posterior_is_that_of_conditioning_the_joint_gaussian(
    seed: int, n_titles: int, factors: int, n_seen: int
) -> None:
    model = _drawn_model(seed, n_titles, factors)
    rng = np.random.default_rng(seed + 1)
    places = rng.permutation(n_titles)[:n_seen].astype(np.int64)
    values = rng.normal(size=len(places))
    joint = model.loadings @ model.loadings.T
    seen = joint[np.ix_(places, places)] + np.diag(model.noise[places])
    across = joint[:, places] @ np.linalg.inv(seen) if len(places) else np.zeros((n_titles, 0))
    np.testing.assert_allclose(
        model.expected(places, values), model.mean + across @ (values - model.mean[places]), atol=1e-8
    )
    np.testing.assert_allclose(
        model.loadings @ model.covariance(places) @ model.loadings.T, joint - across @ joint[places], atol=1e-8
    )


@given(values=user_item_matrices(min_users=2), factors=st.integers(1, 12))
def test_mean_and_total_variance_are_those_of_the_data(values: csr_matrix, factors: int) -> None:
    model = fit_factor_model(values, factors)
    dense = values.toarray().astype(np.float64)
    np.testing.assert_allclose(model.mean, dense.mean(axis=0), atol=1e-12)
    explained = (model.loadings**2).sum(axis=1)
    assert (explained <= dense.var(axis=0) + 1e-9).all()
    assert (explained + model.noise >= dense.var(axis=0) - 1e-9).all()
    assert (model.noise > 0).all()


def test_one_factor_finds_titles_that_go_together() -> None:
    together = np.repeat([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]], 10, axis=0)
    model = fit_factor_model(csr_matrix(together), 1)
    after = model.expected(np.array([0]), np.array([1.0]))
    assert after[1] > model.mean[1]
    assert after[2] < model.mean[2]


def test_noise_multiplies_what_the_factors_leave() -> None:
    values = csr_matrix(np.random.default_rng(0).random((30, 6)))
    np.testing.assert_allclose(fit_factor_model(values, 2, noise=3).noise, 3 * fit_factor_model(values, 2).noise)


def test_shapes_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(3,\), \(2, 4\) and \(3,\)"):
        FactorModel(np.zeros(3), np.zeros((2, 4)), np.ones(3))
    with pytest.raises(ShapeError, match="at least one user"):
        fit_factor_model(csr_matrix((0, 3)), 2)
