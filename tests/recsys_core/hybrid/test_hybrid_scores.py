"""The blend: standardised terms, the fused product, switches and the gate."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ParameterError, ShapeError
from recsys_core.hybrid import HybridModel, HybridWeights
from recsys_core.scoring import Scorer
from recsys_core.testing import ScorerContract
from recsys_core.testing.hybrids import PLANTED_WEIGHTS, as_interactions, planted_hybrid, planted_hybrid_on
from tests.recsys_core.planted import model as _model
from tests.recsys_core.planted import train as _train


@cache
def _nobody() -> csr_matrix:
    return csr_matrix(np.zeros((1, _model().n_items), dtype=np.float32))


def with_weights(model: HybridModel, **changes: float) -> HybridModel:
    return replace(model, weights=model.weights.replace(**changes))


class TestHybridKeepsTheScorerContract(ScorerContract):
    def fit(self, user_items: csr_matrix, item_ids: NDArray[np.int64]) -> Scorer:
        return planted_hybrid_on(as_interactions(user_items, item_ids))


class TestHybridWithoutEASEOrColdItemsKeepsTheScorerContract(ScorerContract):
    def fit(self, user_items: csr_matrix, item_ids: NDArray[np.int64]) -> Scorer:
        return planted_hybrid_on(as_interactions(user_items, item_ids), n_cold=0, ease=False)


def test_each_term_has_mean_zero_and_spread_one_for_each_user() -> None:
    terms = _model().component_scores(_train().ratings)
    assert terms.ease is not None
    assert terms.neighbours is not None
    for scores in (terms.als, terms.ease, terms.content, terms.neighbours, terms.popularity[None, :]):
        np.testing.assert_allclose(scores.mean(axis=1), 0, atol=1e-5)
        np.testing.assert_allclose(scores.std(axis=1), 1, atol=1e-4)


def test_terms_are_the_standardised_scores_of_their_models() -> None:
    terms = _model().component_scores(_train().ratings)
    raw = {"als": _model().als, "ease": _model().ease, "content": _model().content, "neighbours": _model().neighbours}
    for name, model in raw.items():
        assert model is not None
        if name == "content":
            scores = (
                _model()
                .content.score(_model().checked(_train().ratings, None)[1])[:, : _model().n_items]
                .astype(np.float64)
            )
        else:
            scores = model.score(_train().ratings).astype(np.float64)
        expected = (scores - scores.mean(axis=1, keepdims=True)) / scores.std(axis=1, keepdims=True)
        np.testing.assert_allclose(getattr(terms, name), expected, atol=2e-5)


def test_the_fused_product_is_the_formula_term_by_term() -> None:
    terms = _model().component_scores(_train().ratings)
    assert terms.ease is not None
    assert terms.neighbours is not None
    n = np.diff(_train().ratings.indptr)[:, None].astype(np.float64)
    w = _model().weights
    alpha = n / (n + w.kappa)
    taste = terms.als + w.ease * terms.ease + w.content * terms.content
    prior = w.popularity * terms.popularity + w.neighbours * terms.neighbours
    expected = alpha * taste + (1 - alpha) * prior
    np.testing.assert_allclose(_model().score(_train().ratings), expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(terms.blend(w), expected, rtol=0, atol=1e-5)


@given(
    ease=st.sampled_from([0.0, 0.5, 2.0]),
    content=st.sampled_from([0.0, 0.3]),
    kappa=st.sampled_from([0.0, 1.0, 40.0]),
    popularity=st.sampled_from([0.0, 1.5]),
    neighbours=st.sampled_from([0.0, 0.8]),
)
def test_fused_and_term_by_term_agree_for_all_weights(
    ease: float, content: float, kappa: float, popularity: float, neighbours: float
) -> None:
    changes = {"ease": ease, "content": content, "kappa": kappa, "popularity": popularity, "neighbours": neighbours}
    model = with_weights(_model(), **changes)
    ratings = csr_matrix(np.vstack([_train().ratings[:5].toarray(), _nobody().toarray()]))
    expected = model.component_scores(ratings).blend(model.weights)
    np.testing.assert_allclose(model.score(ratings), expected, rtol=0, atol=1e-5)


def test_without_ease_and_the_prior_it_is_plain_als_plus_content() -> None:
    model = with_weights(_model(), ease=0.0, popularity=0.0, kappa=0.0, content=0.25)
    expected = model.score(_train().ratings, model="als") + 0.25 * model.score(_train().ratings, model="content")
    np.testing.assert_allclose(model.score(_train().ratings), expected, rtol=0, atol=1e-5)


def test_weights_of_zero_leave_als_alone() -> None:
    model = with_weights(_model(), ease=0.0, content=0.0, popularity=0.0, kappa=0.0)
    np.testing.assert_allclose(model.score(_train().ratings), model.score(_train().ratings, model="als"), atol=1e-5)


@pytest.mark.parametrize("popularity", [0.9, 0.0])
def test_somebody_without_ratings_gets_the_most_popular_items(popularity: float) -> None:
    model = with_weights(_model(), popularity=popularity)
    ranking = model.recommend(_nobody(), 5)
    most_rated = np.argsort(-model.popularity.n_ratings, kind="stable")[:5]
    np.testing.assert_array_equal(ranking.item_nums, most_rated)
    assert ranking.scores[0] > ranking.scores[-1]


def test_the_prior_fades_as_ratings_become_known() -> None:
    weights = HybridWeights(kappa=3.0, popularity=2.0, neighbours=0.5, gate_power=1.0)
    counts = np.array([0, 1, 3, 9, 10_000])
    np.testing.assert_allclose(weights.alpha(counts), [0, 0.25, 0.5, 0.75, 1], atol=1e-3)
    np.testing.assert_allclose(weights.prior(counts), [2, 1.5, 1, 0.5, 0], atol=1e-3)
    np.testing.assert_allclose(weights.neighbourhood(counts), [0.5, 0.375, 0.25, 0.125, 0], atol=1e-3)


def test_a_steeper_gate_leaves_newcomers_to_the_prior_and_others_to_their_taste() -> None:
    counts = np.array([0, 1, 3, 6, 30])
    gentle, steep = (HybridWeights(kappa=3.0, gate_power=power).alpha(counts) for power in (1.0, 3.0))
    np.testing.assert_allclose(steep, [0, 1 / 28, 0.5, 8 / 9, 1000 / 1001], rtol=1e-6)
    assert steep[1] < gentle[1]
    assert steep[3] > gentle[3]


def test_without_a_gate_alpha_is_one_for_all_who_rated_something() -> None:
    np.testing.assert_array_equal(HybridWeights(kappa=0.0).alpha(np.array([0, 1, 50])), [0, 1, 1])


def test_a_history_that_a_source_cannot_read_leaves_the_others_finite() -> None:
    featureless = int(
        np.flatnonzero(np.diff(_model().content.features.groups["tags"].indptr)[: _model().n_items] == 0)[0]
    )
    row = np.zeros((1, _model().n_items), dtype=np.float32)
    row[0, featureless] = 0.5
    scores = _model().score(csr_matrix(row))
    assert np.isfinite(scores).all()
    assert scores.std() > 0


def test_an_unknown_model_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ParameterError, match="model = 'svd': expected one of hybrid, als, content"):
        _model().score(_train().ratings, model="svd")  # type: ignore[arg-type]


def test_weights_out_of_range_are_refused() -> None:
    with pytest.raises(ParameterError, match="kappa = -1"):
        HybridWeights(kappa=-1.0)
    with pytest.raises(ParameterError, match="alpha is not known"):
        HybridWeights(alpha=1.0)  # type: ignore[call-arg]


def test_parts_of_different_items_are_refused() -> None:
    other, _ = planted_hybrid(n_cold=3)
    with pytest.raises(ShapeError, match="cold_factors have shape"):
        replace(_model(), cold_factors=other.cold_factors)


def test_group_weights_choose_the_features_that_count() -> None:
    only_genre, _ = planted_hybrid(PLANTED_WEIGHTS.replace(group_weights={"genre": 1.0}))
    scores = only_genre.score(_train().ratings[:20], model="content")
    kinds = (only_genre.item_ids // 3 - 1) % 4
    for kind in range(4):  # items of one kind have one genre, so one score
        np.testing.assert_allclose(scores[:, kinds == kind], scores[:, kinds == kind][:, :1].repeat(10, 1), atol=1e-5)
