"""The blend: standardised terms, and one fused product that gives what the formula gives."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.errors import ParameterError, ShapeError
from recsys_core.histories import Histories
from recsys_core.hybrid import HybridModel, HybridWeights
from recsys_core.hybrid.blend import DISLIKES, blend, blended_terms
from recsys_core.hybrid.fit import usual_spread
from recsys_core.hybrid.fused import fused_scores, scores_for_both
from recsys_core.scoring import Scorer
from recsys_core.sources.ease import EASEModel
from recsys_core.sources.moments import Moments
from recsys_core.sources.source import Entry
from recsys_core.sources.table import SOURCES
from recsys_core.testing import ScorerContract, histories_of
from recsys_core.testing.hybrids import (
    PLANTED_PARAMETERS,
    PLANTED_WEIGHTS,
    as_interactions,
    planted_hybrid,
    planted_hybrid_on,
)
from tests.recsys_core.planted import model as _model
from tests.recsys_core.planted import train as _train

N_ITEMS, N_COLD = 40, 7
NAMES = [kind.name for kind in SOURCES]
SOME_WEIGHTS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([0.0, 0.4, 1.5]))


def nobody(n_users: int = 1) -> csr_matrix:
    return csr_matrix((n_users, N_ITEMS), dtype=np.float32)


def with_weights(**changes: object) -> HybridModel:
    return _model().with_weights(_model().weights.replace(**changes))


class TestHybridKeepsTheScorerContract(ScorerContract):
    def fit(self, user_items: csr_matrix, item_ids: NDArray[np.int64]) -> Scorer:
        return planted_hybrid_on(as_interactions(user_items, item_ids))


class TestHybridOfTheNeededSourcesAloneKeepsTheScorerContract(ScorerContract):
    def fit(self, user_items: csr_matrix, item_ids: NDArray[np.int64]) -> Scorer:
        left_out = {"ease": None, "recent_popularity": None, "neighbours": None}
        train = as_interactions(user_items, item_ids)
        return planted_hybrid_on(train, n_cold=0, parameters={**PLANTED_PARAMETERS, **left_out})


def test_each_term_is_the_standardised_score_of_its_source_times_its_share() -> None:
    histories = Histories.of(_train())
    terms = blended_terms(_model(), histories)
    n_liked = histories.n_liked(_model().feedback)
    alpha = n_liked / (n_liked + _model().weights.kappa)
    weights = _model().weights
    for name, source in _model().sources.items():
        scores = source.score(histories).astype(np.float64)
        spread = np.hypot(scores.std(axis=1), _model().steady(name))
        share = alpha * weights.taste.get(name, 0) + (1 - alpha) * weights.prior.get(name, 0)
        expected = (share / spread)[:, None] * (scores - scores.mean(axis=1, keepdims=True))
        np.testing.assert_allclose(terms[name], expected, atol=2e-5)
    assert set(terms) == {*NAMES, DISLIKES}


def test_the_usual_spread_of_a_source_that_says_nothing_to_anybody_is_none_of_rounding() -> None:
    silent = replace(_model().als, item_factors=_model().als.item_factors * np.float32(1e-8))
    usual = usual_spread(silent, _train())
    z = silent.enter(Histories.of(_train())).moments.std / np.hypot(0.3 * usual, 0)
    assert usual == 1e-4
    assert z.max() < 1e-3


def test_what_is_like_disliked_titles_counts_in_the_prior_alone() -> None:
    histories = Histories.of(_train())
    aversion = _model().sources["ease"].enter(histories).aversion
    assert aversion is not None
    kept = _model().sources["ease"].kept_nums  # type: ignore[attr-defined]
    n_liked = histories.n_liked(_model().feedback)
    expected = 1.5 * (2 / (n_liked + 2))[:, None] * aversion.toarray()
    np.testing.assert_allclose(blended_terms(_model(), histories)[DISLIKES][:, kept], expected, atol=1e-6)


@given(
    histories=histories_of(n_items=N_ITEMS, n_cold=N_COLD, max_users=5),
    taste=SOME_WEIGHTS,
    prior=SOME_WEIGHTS,
    kappa=st.sampled_from([0.0, 1.0, 40.0]),
    gate_power=st.sampled_from([0.5, 3.0]),
    dislikes=st.sampled_from([0.0, 2.0]),
)
def test_the_fused_product_is_the_formula_for_all_weights_and_histories(
    histories: Histories,
    taste: dict[str, float],
    prior: dict[str, float],
    kappa: float,
    gate_power: float,
    dislikes: float,
) -> None:
    model = with_weights(taste=taste, prior=prior, kappa=kappa, gate_power=gate_power, dislikes=dislikes)
    scores = model.score(histories)
    np.testing.assert_allclose(scores, blend(model, histories), rtol=0, atol=1e-4)
    for user in range(histories.n_users):
        np.testing.assert_allclose(model.score(histories.rows(user, user + 1))[0], scores[user], rtol=0, atol=1e-4)


@given(histories=histories_of(n_items=N_ITEMS, n_cold=N_COLD, max_users=5), taste=SOME_WEIGHTS, prior=SOME_WEIGHTS)
def test_what_is_predicted_for_cold_items_is_the_blend_with_less_content(
    histories: Histories, taste: dict[str, float], prior: dict[str, float]
) -> None:
    model = with_weights(taste=taste, prior=prior)
    scores, predicted = scores_for_both(model, histories)
    np.testing.assert_array_equal(scores, fused_scores(model, histories))
    less = model.for_cold
    assert less.weights.taste.get("content", 0.0) == pytest.approx(taste.get("content", 0.0) / 3)
    assert {**less.weights.taste, "content": 0} == {**taste, "content": 0}
    apart = predicted - fused_scores(less, histories)
    np.testing.assert_allclose(apart - apart.mean(axis=1, keepdims=True), 0, atol=2e-5)


def test_long_and_short_histories_newcomers_and_dislikes_score_in_one_batch_as_alone() -> None:
    model = with_weights(kappa=0.5, gate_power=3.0)  # beyond five ratings the prior counts nothing
    short, disliking = np.zeros((2, N_ITEMS), dtype=np.float32)
    short[[3, 8]], disliking[[2, 5]] = 5.0, 0.5
    rows = csr_matrix(vstack([_train().ratings[:6], csr_matrix(np.stack([short, disliking])), nobody(2)]))
    assert (model.weights.prior_share(np.diff(rows.indptr)) > 0).tolist() == [False] * 6 + [True] * 4
    together = model.score(rows)
    np.testing.assert_allclose(together, blend(model, Histories(rows)), atol=1e-4)
    for num in range(rows.shape[0]):
        np.testing.assert_allclose(together[num], model.score(rows[[num]])[0], atol=1e-5)


def test_ratings_of_cold_items_make_somebody_known_and_count_in_content_alone() -> None:
    cold = np.zeros((1, N_COLD), dtype=np.float32)
    cold[0, 2] = 5.0
    terms = blended_terms(_model(), Histories(nobody(), None, csr_matrix(cold)))
    assert terms["content"].any()
    assert not terms["als"].any()
    assert not terms["ease"].any()
    newcomer = blended_terms(_model(), Histories(nobody()))
    np.testing.assert_allclose(6 * terms["popularity"], 5 * newcomer["popularity"])  # ⅓ · 0.1 + ⅔ · 0.2 for 0.2
    disliking = Histories(nobody(), None, csr_matrix(np.where(cold, 0.5, 0).astype(np.float32)))
    np.testing.assert_array_equal(_model().score(disliking), _model().score(nobody()))


def test_one_source_alone_is_its_own_standardised_score() -> None:
    for name in ("als", "ease", "content"):
        source = _model().sources[name]
        scores = source.score(_train()).astype(np.float64)
        spread = np.hypot(scores.std(axis=1, keepdims=True), _model().steady(name))
        expected = (scores - scores.mean(axis=1, keepdims=True)) / spread
        np.testing.assert_allclose(_model().score(_train(), model=name), expected, atol=1e-4)  # type: ignore[arg-type]


def test_without_the_prior_the_sources_alone_add_up() -> None:
    model = with_weights(taste={"als": 1.0, "content": 0.25}, prior={}, kappa=0.0)
    expected = model.score(_train(), model="als") + 0.25 * model.score(_train(), model="content")
    np.testing.assert_allclose(model.score(_train()), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("prior", [{"popularity": 0.9}, {}])
def test_somebody_without_ratings_gets_the_most_popular_items(prior: dict[str, float]) -> None:
    model = with_weights(prior=prior)
    ranking = model.recommend(nobody(), 5)
    counts = model.popularity.n_ratings
    np.testing.assert_array_equal(counts[ranking.item_nums], np.sort(counts)[::-1][:5])
    assert ranking.scores[0] > ranking.scores[-1]


@pytest.mark.parametrize("name", ["als", "ease"])
def test_scores_that_hardly_differ_are_not_blown_up_to_full_evidence(name: str) -> None:
    source = _model().sources[name]
    faint: object
    if isinstance(source, EASEModel):
        faint = replace(source, weights=source.weights * np.float32(1e-3))
    else:
        flat = source.item_factors.mean(axis=0) + 1e-3 * source.item_factors  # type: ignore[attr-defined]
        faint = replace(source, item_factors=flat)  # type: ignore[type-var]
    weights = HybridWeights(taste={name: 1.0}, prior={}, kappa=0.0, dislikes=0.0)
    plain = replace(_model(), weights=weights)
    model = replace(plain, sources={**plain.sources, name: faint})
    assert plain.score(_train()).std(axis=1).min() > 0.5
    assert 0 < model.score(_train()).std(axis=1).max() < 0.05


def test_a_history_that_a_source_cannot_read_leaves_the_others_finite() -> None:
    tags = _model().content.features.groups["tags"][:N_ITEMS]
    row = np.zeros((1, N_ITEMS), dtype=np.float32)
    row[0, np.flatnonzero(np.diff(tags.indptr) == 0)[0]] = 0.5
    scores = _model().score(csr_matrix(row))
    assert np.isfinite(scores).all()
    assert scores.std() > 0


def test_unknown_models_and_parts_of_other_items_are_refused() -> None:
    with pytest.raises(ParameterError, match="model = 'svd': expected one of hybrid, als, ease, content"):
        _model().score(_train(), model="svd")  # type: ignore[arg-type]
    without = planted_hybrid_on(_train(), parameters={**PLANTED_PARAMETERS, "ease": None})
    with pytest.raises(ParameterError, match="model = 'ease': expected one of hybrid, als, content"):
        without.score(_train(), model="ease")
    with pytest.raises(ShapeError, match="user_ratings has 3 columns"):
        _model().score(Histories(nobody(), None, csr_matrix((1, 3), dtype=np.float32)))
    popularity = replace(_model().popularity, item_ids=_model().item_ids + 1)
    with pytest.raises(ShapeError, match="popularity was fitted on other items than ALS"):
        replace(_model(), sources={**_model().sources, "popularity": popularity})
    with pytest.raises(ShapeError, match="a hybrid needs content"):
        replace(_model(), sources={name: found for name, found in _model().sources.items() if name != "content"})


def test_group_weights_choose_the_features_that_count() -> None:
    only_genre, _ = planted_hybrid(PLANTED_WEIGHTS.replace(group_weights={"genre": 1.0}))
    scores = only_genre.score(_train().ratings[:20], model="content")
    kinds = (only_genre.item_ids // 3 - 1) % 4
    for kind in range(4):  # items of one kind have one genre, so one score
        np.testing.assert_allclose(scores[:, kinds == kind], scores[:, kinds == kind][:, :1].repeat(10, 1), atol=1e-5)


class _Lengths:
    """Stands for a source whose scores spread by how much somebody has rated."""

    def enter(self, histories: Histories) -> Entry:
        lengths = np.diff(histories.ratings.indptr).astype(np.float64)
        return Entry(Moments(np.zeros(len(lengths)), lengths), left=np.zeros((len(lengths), 1), dtype=np.float32))


def test_the_usual_spread_is_that_of_the_longer_half_however_many_people_there_are() -> None:
    """Of the 200 longest histories alone it would grow with the number of people."""
    usual = {}
    for n_users in (100, 4_000, 40_000):
        rows = [np.arange(1 + int(99 * (num + 0.5) / n_users)) for num in range(n_users)]
        indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
        ratings = csr_matrix(
            (np.ones(indptr[-1], dtype=np.float32), np.concatenate(rows), indptr), shape=(n_users, 100)
        )
        data = UserItemMatrix(ratings, np.zeros(ratings.nnz, dtype=np.int64), np.arange(n_users), np.arange(100))
        usual[n_users] = usual_spread(_Lengths(), data)  # type: ignore[arg-type]
    assert all(value == pytest.approx(75, abs=2) for value in usual.values()), usual
