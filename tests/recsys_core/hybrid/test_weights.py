"""Weights that move at the edges: the balance between sources, and neighbours who count no more."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix, vstack

from recsys_core.errors import ParameterError
from recsys_core.hybrid import HybridWeights
from recsys_core.testing.hybrids import PLANTED_WEIGHTS, planted_hybrid


def test_a_balance_in_the_middle_changes_nothing_and_the_ends_leave_one_source() -> None:
    weights = HybridWeights(content=0.6)
    assert weights.balanced(0.5) == weights
    assert weights.balanced(1.0).content == 0
    assert weights.balanced(0.0).collaborative == 0
    assert weights.balanced(0.25).content == pytest.approx(0.9)
    for alpha in (-0.1, 1.1, float("nan")):
        with pytest.raises(ParameterError, match="expected 0"):
            weights.balanced(alpha)


def test_a_model_with_other_weights_scores_like_one_that_was_made_with_them() -> None:
    model, train = planted_hybrid()
    moved = PLANTED_WEIGHTS.balanced(0.8)
    expected = planted_hybrid(moved)[0].score(train.ratings)
    np.testing.assert_allclose(model.with_weights(moved).score(train.ratings), expected, atol=1e-5)
    assert model.weights == PLANTED_WEIGHTS


def test_neighbours_count_for_short_histories_and_not_at_all_for_very_long_ones() -> None:
    weights = HybridWeights(kappa=15.0, gate_power=3.0, neighbours=0.6)
    shares = weights.neighbourhood(np.array([0, 15, 149, 151, 10_000]))
    np.testing.assert_allclose(shares[:3], [0.6, 0.3, 0.6 * (1 - weights.alpha(np.array([149]))[0])], rtol=1e-4)
    assert shares[3:].tolist() == [0.0, 0.0]


def test_people_with_and_without_neighbours_score_in_one_batch_as_alone() -> None:
    weights = PLANTED_WEIGHTS.replace(kappa=0.5, gate_power=3.0)  # beyond five ratings neighbours count nothing
    model, train = planted_hybrid(weights)
    short = csr_matrix((train.ratings.data[:2], train.ratings.indices[:2], [0, 2]), shape=(1, train.n_items))
    rows = csr_matrix(vstack([train.ratings[0], short, train.ratings[1]]))
    assert (weights.neighbourhood(np.diff(rows.indptr)) > 0).tolist() == [False, True, False]
    together = model.score(rows)
    for num in range(3):
        np.testing.assert_allclose(together[num], model.score(rows[num])[0], atol=1e-5)
    blended = model.component_scores(rows).blend(weights)
    np.testing.assert_allclose(together, blended, atol=1e-4)
