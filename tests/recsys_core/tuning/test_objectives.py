"""What trials are judged by: cached tables against the models themselves."""

from functools import cache

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import HeldOut, Split, UserItemMatrix
from recsys_core.errors import ShapeError
from recsys_core.evaluation import ndcg_of_scores
from recsys_core.histories import Histories
from recsys_core.hybrid import HybridModel
from recsys_core.sources.content import ContentModel, ContentParameters
from recsys_core.splitting import SplitParameters, split_interactions
from recsys_core.testing import planted_features, planted_interactions
from recsys_core.testing.hybrids import PLANTED_WEIGHTS, planted_hybrid_on
from recsys_core.tuning.blend_table import BlendTable, candidate_columns
from recsys_core.tuning.goal import Goal
from recsys_core.tuning.objectives import Terms, blend_table, mean_value
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
    return JudgedUsers(Histories.of(_part().history), _part().history.ratings, _part().targets)


def terms() -> Terms:
    sources = {name: source for name, source in _hybrid().sources.items() if name != "content"}
    features = planted_features(_split().train.item_ids)
    content = ContentModel(features, _split().train.n_items, ContentParameters(), SCALE)
    return Terms(sources, {name: _hybrid().steady(name) for name in sources}, content, SCALE)


@pytest.mark.parametrize("max_table", [10**9, 1])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"taste": {"als": 1.0}},
        {"taste": {"content": 1.0, "popularity": 0.3}},
        {"prior": {"neighbours": 1.0}, "dislikes": 0.0},
        {"kappa": 60.0, "gate_power": 3.0, "dislikes": 8.0, "group_weights": {"tags": 1.0}},
    ],
)
def test_a_blended_table_judges_as_the_model_itself_does(max_table: int, changes: dict[str, object]) -> None:
    weights = PLANTED_WEIGHTS.replace(**changes)
    table = blend_table(terms(), _users(), weights=PLANTED_WEIGHTS, n_best=40, max_table=max_table)
    model = planted_hybrid_on(_split().train, weights, n_cold=0)
    expected = ndcg_of_scores(model.score(_users().known), _users().targets, seen=_users().seen, k=10)
    np.testing.assert_allclose(table.by_user(weights, Goal(10)), expected, atol=1e-9)
    assert (table.terms.shape[2] < _split().train.n_items) == (max_table == 1)


def test_blocks_of_users_give_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = blend_table(terms(), _users(), weights=PLANTED_WEIGHTS, n_best=20, max_table=1)
    monkeypatch.setattr("recsys_core.tuning.objectives._BLOCK_FLOATS", 5_000)
    blocked = blend_table(terms(), _users(), weights=PLANTED_WEIGHTS, n_best=20, max_table=1)
    np.testing.assert_array_equal(blocked.by_user(PLANTED_WEIGHTS, Goal(10)), whole.by_user(PLANTED_WEIGHTS, Goal(10)))


def test_terms_that_are_not_those_named_are_refused() -> None:
    table = blend_table(terms(), _users(), weights=PLANTED_WEIGHTS, n_best=40, max_table=10**9)
    arrays = (table.terms, table.closed, table.covariance, table.relevant, table.n_targets, table.n_liked)
    with pytest.raises(ShapeError, match="8 terms, named als, genre"):
        BlendTable(("als",), ("genre",), *arrays)
    with pytest.raises(ShapeError, match=r"terms of .* users and 50 candidates"):
        BlendTable(table.names, table.groups, *arrays[:3], table.relevant[:, :9], *arrays[4:])


def test_candidates_are_the_best_unseen_items_of_every_source() -> None:
    first = np.float32([[5, 4, 3, 2, 1, 0], [0, 1, 2, 3, 4, 5]])
    second = np.float32([[0, 0, 0, 0, 9, 0], [9, 0, 0, 0, 0, 0]])
    seen = csr_matrix(np.float32([[1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]))
    numbers, mask = candidate_columns([first, second], seen, 2)
    chosen = [set(row[allowed == 0].tolist()) for row, allowed in zip(numbers, mask, strict=True)]
    assert chosen[0] >= {1, 4}
    assert 0 not in chosen[0]
    assert chosen[1] >= {5, 4, 0}


def test_mean_value_is_the_mean_of_full_rankings() -> None:
    expected = ndcg_of_scores(_hybrid().score(_users().known), _users().targets, seen=_users().seen, k=10).mean()
    assert mean_value(_hybrid().score, _users(), Goal(10)) == pytest.approx(expected, abs=1e-12)


def test_shortened_users_know_their_first_ratings_and_are_to_find_the_rest() -> None:
    found = shortened_users(_split(), _part(), 3, 4.0)
    assert found.n_users == int((np.diff(_part().history.ratings.indptr) > 3).sum())
    np.testing.assert_array_equal(found.known.lengths, 3)
    assert found.seen is found.known.ratings
    assert found.known.times is not None
    longer = np.flatnonzero(np.diff(_part().history.ratings.indptr) > 3)
    later_liked = (_part().history.ratings[longer] >= 4.0).sum(axis=1) - (found.known.ratings >= 4.0).sum(axis=1)
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
    np.testing.assert_array_equal(found.known.lengths, 2)


def test_blocks_hold_all_users_with_what_is_known_of_them() -> None:
    blocks = [_users().rows(start, start + 7) for start in range(0, _users().n_users, 7)]
    assert [block.n_users for block in blocks[:-1]] == [7] * (len(blocks) - 1)
    assert sum(block.n_users for block in blocks) == _users().n_users
    np.testing.assert_array_equal(np.concatenate([block.n_targets for block in blocks]), _users().n_targets)
    times = [block.known.times for block in blocks if block.known.times is not None]
    np.testing.assert_array_equal(np.concatenate(times), _part().history.timestamps)


def test_the_prior_depends_on_a_power_of_kappa_times_its_weights_alone() -> None:
    table = blend_table(terms(), _users(), weights=PLANTED_WEIGHTS, n_best=40, max_table=10**9)
    gate = PLANTED_WEIGHTS.replace(gate_power=2.0, dislikes=0.0)
    one = table.factors(gate.replace(kappa=6.0, prior={"popularity": 1.0, "neighbours": 0.2}))
    other = table.factors(gate.replace(kappa=2.0, prior={"popularity": 9.0, "neighbours": 1.8}))
    taste = table.names.index("als")
    popularity, neighbours = (table.names.index(name) for name in ("popularity", "neighbours"))
    for factors in (one, other):
        factors[:, popularity] -= gate.taste["popularity"] * factors[:, taste]
    kept = [taste, popularity, neighbours]
    some = np.flatnonzero(one[:, taste] > 0)
    ratios = [(factors[some][:, kept] / factors[some][:, [taste]]) for factors in (one, other)]
    np.testing.assert_allclose(*ratios, rtol=1e-6)
