"""What trials are judged by: cached tables against the models themselves."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.dataset.interactions import HeldOut, Split, UserItemMatrix
from recsys_core.dataset.schema import MOVIELENS
from recsys_core.evaluation import ndcg_of_scores
from recsys_core.hybrid import HybridModel
from recsys_core.sources.ease import EASEParameters, fit_ease
from recsys_core.splitting import SplitParameters, split_interactions
from recsys_core.testing import planted_features, planted_interactions, user_item_matrices
from recsys_core.testing.hybrids import PLANTED_WEIGHTS, planted_hybrid_on
from recsys_core.tuning.blend_table import candidate_columns
from recsys_core.tuning.ease_path import EASEPath
from recsys_core.tuning.objectives import Sources, blend_factors, blend_table, content_term, mean_ndcg
from recsys_core.tuning.validation_users import JudgedUsers, shortened_users, whole_users

SCALE = MOVIELENS.feedback
PARAMETERS = SplitParameters(validation_share=0.3, test_share=0.1)


@cache
def _interactions() -> UserItemMatrix:
    return planted_interactions(120, 50, 2500, seed=1)


@cache
def _split() -> Split:
    return split_interactions(_interactions(), PARAMETERS, catalogue_ids=_interactions().item_ids)


@cache
def _hybrid() -> HybridModel:
    return planted_hybrid_on(_split().train, n_cold=0)


@cache
def _part() -> HeldOut:
    return whole_users(_split(), 1000, 0)


@cache
def _users() -> JudgedUsers:
    return JudgedUsers(_part().history.ratings, _part().history.ratings, _part().targets)


def sources() -> Sources:
    assert _hybrid().ease is not None
    assert _hybrid().neighbours is not None
    content = content_term(planted_features(_split().train.item_ids), SCALE.middle)
    return Sources(_hybrid().als, _hybrid().ease.score, content, _hybrid().neighbours.score, _hybrid().popularity)


@pytest.mark.parametrize("max_table", [10**9, 1])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ease": 0.0},
        {"content": 0.0},
        {"popularity": 0.0},
        {"neighbours": 0.0},
        {"kappa": 60.0, "gate_power": 3.0, "group_weights": {"tags": 1.0}},
    ],
)
def test_a_blended_table_judges_as_the_model_itself_does(max_table: int, changes: dict[str, object]) -> None:
    weights = PLANTED_WEIGHTS.replace(**changes)
    found = sources()
    table = blend_table(found, _users(), weights=PLANTED_WEIGHTS, n_best=40, max_table=max_table)
    judged = table.ndcg(blend_factors(table, weights, found.groups), 10)
    model = planted_hybrid_on(_split().train, weights, n_cold=0)
    expected = ndcg_of_scores(model.score(_users().known), _users().targets, seen=_users().seen, k=10)
    np.testing.assert_allclose(judged, expected, atol=1e-9)


def test_candidates_are_the_best_unseen_items_of_every_source() -> None:
    first = np.float32([[5, 4, 3, 2, 1, 0], [0, 1, 2, 3, 4, 5]])
    second = np.float32([[0, 0, 0, 0, 9, 0], [9, 0, 0, 0, 0, 0]])
    seen = csr_matrix(np.float32([[1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]))
    numbers, mask = candidate_columns([first, second], seen, 2)
    chosen = [set(row[allowed == 0].tolist()) for row, allowed in zip(numbers, mask, strict=True)]
    assert chosen[0] >= {1, 4}
    assert 0 not in chosen[0]
    assert chosen[1] >= {5, 4, 0}


def test_mean_ndcg_is_the_mean_of_full_rankings() -> None:
    expected = ndcg_of_scores(_hybrid().score(_users().known), _users().targets, seen=_users().seen, k=10).mean()
    assert mean_ndcg(_hybrid().score, _users(), 10) == pytest.approx(expected, abs=1e-12)


@given(
    ratings=user_item_matrices(min_users=2, max_users=5, min_items=6, max_items=9, min_ratings=6),
    regularization=st.sampled_from([0.5, 10.0, 300.0]),
    max_items=st.sampled_from([4, 50]),
    feature_weight=st.sampled_from([0.0, 0.5, 8.0]),
)
def test_scores_along_the_ease_path_are_those_of_fitted_models(
    ratings: csr_matrix, regularization: float, max_items: int, feature_weight: float
) -> None:
    parameters = EASEParameters(max_items=max_items, min_item_ratings=1, rating_power=1.5)
    ids = np.arange(1, ratings.shape[1] + 1, dtype=np.int64)
    features = planted_features(ids)
    path = EASEPath(ratings, ids, parameters, feedback=SCALE, features=features)
    point = parameters.replace(regularization=regularization, feature_weight=feature_weight)
    fitted = fit_ease(ratings, ids, point, feedback=SCALE, features=features)
    np.testing.assert_allclose(
        path.score(ratings, regularization, feature_weight), fitted.score(ratings), rtol=0, atol=1e-4
    )


def test_shortened_users_know_their_first_ratings_and_are_to_find_the_rest() -> None:
    found = shortened_users(_split(), _part(), 3, 4.0)
    assert found.n_users == int((np.diff(_part().history.ratings.indptr) > 3).sum())
    np.testing.assert_array_equal(np.diff(found.known.indptr), 3)
    assert found.seen is found.known
    longer = np.flatnonzero(np.diff(_part().history.ratings.indptr) > 3)
    later_liked = (_part().history.ratings[longer] >= 4.0).sum(axis=1) - (found.known >= 4.0).sum(axis=1)
    gained = found.n_targets - np.diff(_part().targets[longer].indptr)
    np.testing.assert_array_equal(gained, np.asarray(later_liked).ravel())


def test_users_that_training_knows_are_not_asked_for_what_training_saw() -> None:
    split = split_interactions(
        _interactions(),
        SplitParameters(protocol="temporal", validation_share=0.1),
        catalogue_ids=_interactions().item_ids,
    )
    part = whole_users(split, 1000, 0)
    assert np.isin(part.user_ids, split.train.user_ids).any()
    found = shortened_users(split, part, 2, 4.0)
    longer = np.flatnonzero(np.diff(part.history.ratings.indptr) > 2)
    np.testing.assert_array_equal(found.seen.toarray(), part.history.ratings[longer].toarray())
    np.testing.assert_array_equal(found.targets.toarray(), part.targets[longer].toarray())
    np.testing.assert_array_equal(np.diff(found.known.indptr), 2)


def test_the_prior_depends_on_a_power_of_kappa_times_gamma_alone() -> None:
    found = sources()
    table = blend_table(found, _users(), weights=PLANTED_WEIGHTS, n_best=40, max_table=10**9)
    gate = PLANTED_WEIGHTS.replace(gate_power=2.0)
    one = blend_factors(table, gate.replace(kappa=6.0, popularity=1.0, neighbours=0.2), found.groups)
    other = blend_factors(table, gate.replace(kappa=2.0, popularity=9.0, neighbours=1.8), found.groups)
    np.testing.assert_allclose(one, other)
