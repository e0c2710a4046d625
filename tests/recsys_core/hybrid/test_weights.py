"""The weights: the gate between prior and taste, the balance between sources, and what is refused."""

import numpy as np
import pytest

from recsys_core.errors import ParameterError
from recsys_core.hybrid import HybridWeights
from recsys_core.sources.table import SOURCES
from recsys_core.testing.hybrids import PLANTED_WEIGHTS, planted_hybrid
from tests.recsys_core.planted import model, train

COUNTS = np.array([0, 1, 3, 9, 10_000])


def test_the_prior_fades_as_ratings_become_known() -> None:
    weights = HybridWeights(taste={"als": 1.0}, prior={"popularity": 2.0, "als": 0.5}, kappa=3.0, gate_power=1.0)
    np.testing.assert_allclose(weights.alpha(COUNTS), [0, 0.25, 0.5, 0.75, 1], atol=1e-3)
    np.testing.assert_allclose(weights.prior_share(COUNTS), [1, 0.75, 0.5, 0.25, 0], atol=1e-3)
    factors = weights.factors(COUNTS)
    np.testing.assert_allclose(factors["popularity"], [2, 1.5, 1, 0.5, 0], atol=1e-3)
    np.testing.assert_allclose(factors["als"], [0.5, 0.625, 0.75, 0.875, 1], atol=1e-3)
    assert set(factors) == {"popularity", "als"}


def test_of_long_histories_a_source_of_the_prior_counts_nothing_below_a_hundredth_of_the_taste() -> None:
    weights = HybridWeights(taste={"als": 1.0, "ease": 2.0}, prior={"neighbours": 0.6}, kappa=15.0, gate_power=3.0)
    counts = np.array([0, 15, 40, 41, 10_000])  # (15 / n)³ · 0.6 is 0.0316 at 40, and 0.0294 at 41
    found = weights.factors(counts, slight=False)["neighbours"]
    assert (weights.factors(counts)["neighbours"][3:4] > 0).all(), "what is tuned is the formula"
    np.testing.assert_allclose(found[:3], 0.6 * (1 - weights.alpha(counts[:3])), rtol=1e-6)
    assert found[3:].tolist() == [0.0, 0.0]
    both = weights.replace(taste={"als": 1.0, "neighbours": 2.0}).factors(counts, slight=False)["neighbours"]
    np.testing.assert_allclose(both, 2 * weights.alpha(counts) + found, rtol=1e-6)
    newcomers = weights.replace(taste={}, prior={"neighbours": 0.6, "popularity": 1e-4}).factors(
        counts[:2], slight=False
    )
    assert newcomers["popularity"].tolist() == [1e-4, 5e-5], "without a taste nothing is slight"


@pytest.mark.parametrize("prior", [{}, {"neighbours": 1.0}, {"popularity": 0.0}])
def test_popularity_counts_for_those_without_a_rating_where_the_prior_has_none(prior: dict[str, float]) -> None:
    weights = HybridWeights(taste={"als": 1.0, "popularity": 0.3}, prior=prior, kappa=0.0)
    np.testing.assert_allclose(weights.factors(COUNTS)["popularity"], [1, 0.3, 0.3, 0.3, 0.3])
    recent = weights.replace(prior={"recent_popularity": 1.0})
    np.testing.assert_allclose(recent.factors(COUNTS)["popularity"], [0, 0.3, 0.3, 0.3, 0.3])


def test_a_steeper_gate_leaves_newcomers_to_the_prior_and_others_to_their_taste() -> None:
    counts = np.array([0, 1, 3, 6, 30])
    gentle, steep = (HybridWeights(kappa=3.0, gate_power=power).alpha(counts) for power in (1.0, 3.0))
    np.testing.assert_allclose(steep, [0, 1 / 28, 0.5, 8 / 9, 1000 / 1001], rtol=1e-6)
    assert steep[1] < gentle[1]
    assert steep[3] > gentle[3]


def test_without_a_gate_alpha_is_one_for_all_who_rated_something() -> None:
    np.testing.assert_array_equal(HybridWeights(kappa=0.0).alpha(np.array([0, 1, 50])), [0, 1, 1])


def test_one_source_alone_has_all_of_the_taste_and_newcomers_keep_their_prior() -> None:
    weights = PLANTED_WEIGHTS.alone("content")
    assert weights.taste == {"content": 1.0}
    assert (weights.prior, weights.dislikes) == (PLANTED_WEIGHTS.prior, PLANTED_WEIGHTS.dislikes)
    np.testing.assert_array_equal(weights.factors(COUNTS)["content"], [0, 1, 1, 1, 1])


def test_sources_can_be_left_out() -> None:
    weights = PLANTED_WEIGHTS.without("popularity", "neighbours")
    assert weights.taste == {"als": 1.0, "ease": 0.7, "content": 0.4}
    assert weights.prior == {"recent_popularity": 0.9}
    assert (weights.has("popularity"), PLANTED_WEIGHTS.has("popularity")) == (False, True)


def test_groups_that_hardly_count_are_left_out_unless_somebody_set_them() -> None:
    weights = HybridWeights(group_weights={"genre": 1.0, "title": 0.02, "tags": 0.019, "decade": 0.001})
    assert weights.without_faint_groups().group_weights == {"genre": 1.0, "title": 0.02, "tags": 0.0, "decade": 0.0}
    kept = weights.without_faint_groups(besides=["decade"]).group_weights
    assert kept == {"genre": 1.0, "title": 0.02, "tags": 0.0, "decade": 0.001}
    assert HybridWeights().without_faint_groups() == HybridWeights()


def test_a_balance_in_the_middle_changes_nothing_and_the_ends_leave_one_side() -> None:
    weights = HybridWeights(taste={"als": 1.0, "ease": 0.5, "content": 0.6, "popularity": 0.2})
    assert weights.balanced(0.5) == weights
    assert weights.balanced(1.0).taste == {"als": 2.0, "ease": 1.0, "content": 0.0, "popularity": 0.2}
    assert weights.balanced(0.0).taste == {"als": 0.0, "ease": 0.0, "content": 1.2, "popularity": 0.2}
    assert weights.balanced(0.25).taste["content"] == pytest.approx(0.9)
    assert weights.balanced(0.25).prior == weights.prior
    for alpha in (-0.1, 1.1, float("nan")):
        with pytest.raises(ParameterError, match="expected 0"):
            weights.balanced(alpha)


def test_a_model_with_other_weights_scores_like_one_that_was_made_with_them() -> None:
    moved = PLANTED_WEIGHTS.balanced(0.8)
    expected = planted_hybrid(moved)[0].score(train().ratings)
    np.testing.assert_allclose(model().with_weights(moved).score(train().ratings), expected, atol=1e-5)
    assert model().weights == PLANTED_WEIGHTS


def test_the_defaults_are_what_the_table_of_sources_says() -> None:
    defaults = HybridWeights()
    for kind in SOURCES:
        assert defaults.taste.get(kind.name, 0.0) == kind.taste
        assert defaults.prior.get(kind.name, 0.0) == kind.prior


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kappa": -1.0}, "kappa = -1"),
        ({"taste": {"als": -1.0}}, "taste.als = -1"),
        ({"prior": {"svd": 1.0}}, "source 'svd' is not known, expected one of als, ease"),
        ({"taste": {"svd": 1.0}}, "source 'svd' is not known"),
        ({"gate_power": 0.0}, "gate_power = 0"),
        ({"alpha": 1.0}, "alpha is not known"),
    ],
)
def test_weights_that_make_no_sense_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        HybridWeights(**changes)  # type: ignore[arg-type]
