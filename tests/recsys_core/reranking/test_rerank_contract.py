"""What every method keeps: the same tests for MMR, DPP and calibrated lists."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ParameterError, ShapeError
from recsys_core.features import ItemFeatures
from recsys_core.hybrid import HybridModel, Ranking, top_k
from recsys_core.hybrid.ranking import hide
from recsys_core.reranking import METHODS, Method, Reranker, RerankParameters, rerank
from recsys_core.testing.builders import planted_features, planted_interactions
from recsys_core.testing.hybrids import planted_hybrid

N_USERS, N_ITEMS = 30, 60
Known = tuple[NDArray[np.float32], csr_matrix, Reranker]

pytestmark = pytest.mark.parametrize("method", METHODS)


@pytest.fixture(scope="module")
def known() -> Known:
    """Scores of 30 users, what they rated, and the titles' features."""
    ratings = planted_interactions(N_USERS, N_ITEMS, 500, seed=2)
    scores = np.random.default_rng(0).normal(size=ratings.ratings.shape).astype(np.float32)
    return scores, ratings.ratings, Reranker(planted_features(ratings.item_ids))


def lists_of(ranking: Ranking, n_users: int) -> list[list[int]]:
    return [ranking.item_nums[ranking.user_nums == user].tolist() for user in range(n_users)]


def assert_same(one: Ranking, other: Ranking) -> None:
    np.testing.assert_array_equal(one.user_nums, other.user_nums)
    np.testing.assert_array_equal(one.item_nums, other.item_nums)
    np.testing.assert_array_equal(one.scores, other.scores)


def test_diversity_0_is_the_models_own_list_bit_for_bit(method: Method) -> None:
    model, train = planted_hybrid()
    own = model.recommend(train.ratings, 8)
    parameters = RerankParameters(method=method, diversity=0)
    reranker = Reranker(model.content.features)
    assert_same(reranker.rerank(model.score(train.ratings), train.ratings, parameters, 8), own)
    assert_same(reranker.rerank(model.recommend(train.ratings, 20), train.ratings, parameters, 8), own)


def test_a_tiny_diversity_keeps_the_order_of_scores_that_lie_apart(method: Method, known: Known) -> None:
    scores, rated, reranker = known
    apart = np.argsort(np.argsort(scores, axis=1), axis=1).astype(np.float32)
    parameters = RerankParameters(method=method, diversity=1e-6)
    expected = reranker.rerank(apart, rated, RerankParameters(method=method), 10)
    assert_same(reranker.rerank(apart, rated, parameters, 10), expected)


@pytest.mark.parametrize("diversity", [0.0, 0.3, 1.0])
def test_lists_hold_no_rated_title_and_no_title_twice(method: Method, known: Known, diversity: float) -> None:
    scores, rated, reranker = known
    found = reranker.rerank(scores, rated, RerankParameters(method=method, diversity=diversity), 12)
    seen = rated.toarray() != 0
    assert not seen[found.user_nums, found.item_nums].any()
    for user, items in enumerate(lists_of(found, N_USERS)):
        assert len(set(items)) == len(items) == min(12, int((~seen[user]).sum()))


def test_the_ranking_is_sorted_by_user_and_keeps_the_models_scores(method: Method, known: Known) -> None:
    scores, rated, reranker = known
    found = reranker.rerank(scores, rated, RerankParameters(method=method, diversity=0.5), 10)
    assert (np.diff(found.user_nums) >= 0).all()
    np.testing.assert_array_equal(found.scores, scores[found.user_nums, found.item_nums])
    assert (np.diff(found.scores)[np.diff(found.user_nums) == 0] > 0).any()  # it did re-order


@pytest.mark.parametrize("diversity", [0.4, 1.0])
def test_titles_come_from_the_best_candidates_only(method: Method, known: Known, diversity: float) -> None:
    scores, rated, reranker = known
    parameters = RerankParameters(method=method, diversity=diversity, n_candidates=15)
    pools = lists_of(reranker.rerank(scores, rated, RerankParameters(), 15), N_USERS)
    chosen = lists_of(reranker.rerank(scores, rated, parameters, 10), N_USERS)
    assert all(set(items) <= set(pool) for items, pool in zip(chosen, pools, strict=True))


def test_a_list_longer_than_the_candidates_widens_them(method: Method, known: Known) -> None:
    scores, rated, reranker = known
    found = reranker.rerank(scores, rated, RerankParameters(method=method, diversity=0.5, n_candidates=5), 20)
    assert {len(items) for items in lists_of(found, N_USERS)} == {20}


def test_a_list_longer_than_the_catalogue_has_every_unseen_title_once(method: Method, known: Known) -> None:
    scores, rated, reranker = known
    found = reranker.rerank(scores, rated, RerankParameters(method=method, diversity=0.9), 500)
    unseen = [np.flatnonzero(row == 0).tolist() for row in rated.toarray()]
    assert [sorted(items) for items in lists_of(found, N_USERS)] == unseen


@pytest.mark.parametrize("diversity", [0.2, 0.8])
def test_a_batch_gives_what_each_user_gets_alone(
    method: Method, known: Known, diversity: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys_core.reranking.reranker._PAIRS_AT_ONCE", 20_000)  # several blocks
    scores, rated, reranker = known
    parameters = RerankParameters(method=method, diversity=diversity)
    batch = reranker.rerank(scores, rated, parameters, 10)
    for user in range(N_USERS):
        alone = reranker.rerank(scores[user : user + 1], rated[user], parameters, 10)
        mine = batch.user_nums == user
        np.testing.assert_array_equal(alone.item_nums, batch.item_nums[mine])
        np.testing.assert_array_equal(alone.scores, batch.scores[mine])


def test_a_ranking_of_the_candidates_gives_the_same_lists_as_the_scores(method: Method, known: Known) -> None:
    scores, rated, reranker = known
    parameters = RerankParameters(method=method, diversity=0.5, n_candidates=25)
    from_scores = reranker.rerank(scores, rated, parameters, 10)
    open_scores = scores.copy()
    hide(open_scores, rated)
    assert_same(reranker.rerank(top_k(open_scores, 25), rated, parameters, 10), from_scores)
    assert_same(reranker.rerank(top_k(scores, 60), rated, parameters, 10), from_scores)  # rated ones among them


def test_users_missing_from_a_ranking_get_no_list_and_shift_nobody(method: Method, known: Known) -> None:
    scores, rated, reranker = known
    parameters = RerankParameters(method=method, diversity=0.5, n_candidates=25)
    whole = reranker.rerank(scores, rated, parameters, 10)
    ranking = top_k(scores, 60)
    some = np.isin(ranking.user_nums, [3, 17])
    part = Ranking(ranking.user_nums[some], ranking.item_nums[some], ranking.scores[some])
    found = reranker.rerank(part, rated, parameters, 10)
    kept = np.isin(whole.user_nums, [3, 17])
    assert_same(found, Ranking(whole.user_nums[kept], whole.item_nums[kept], whole.scores[kept]))


def test_equal_titles_come_in_the_order_of_their_numbers(method: Method) -> None:
    alike = ItemFeatures(np.arange(6), {"genre": csr_matrix(np.ones((6, 1), dtype=np.float32))}, {"genre": ["drama"]})
    found = rerank(
        np.zeros((1, 6), dtype=np.float32),
        alike,
        csr_matrix((1, 6), dtype=np.float32),
        RerankParameters(method=method, diversity=0.5),
        6,
    )
    assert found.item_nums.tolist() == [0, 1, 2, 3, 4, 5]


def test_inputs_are_not_changed(method: Method, known: Known) -> None:
    scores, rated, reranker = known
    before, data = scores.copy(), rated.data.copy()
    reranker.rerank(scores, rated, RerankParameters(method=method, diversity=0.5), 10)
    np.testing.assert_array_equal(scores, before)
    np.testing.assert_array_equal(rated.data, data)


def test_titles_with_minus_infinity_are_never_taken(method: Method, known: Known) -> None:
    scores, rated, reranker = known
    barred = scores.copy()
    barred[:, ::2] = -np.inf
    barred[4] = -np.inf
    found = reranker.rerank(barred, rated, RerankParameters(method=method, diversity=1), 40)
    assert (found.item_nums % 2 == 1).all()
    assert 4 not in found.user_nums
    assert len(np.unique(found.user_nums)) == N_USERS - 1


def test_nobody_asked_gives_an_empty_ranking(method: Method, known: Known) -> None:
    _, rated, reranker = known
    nobody = np.zeros((0, rated.shape[1]), dtype=np.float32)
    found = reranker.rerank(nobody, rated[:0], RerankParameters(method=method, diversity=0.5), 10)
    assert len(found.user_nums) == len(found.item_nums) == len(found.scores) == 0


def test_cold_titles_may_be_in_the_list_of_a_whole_catalogue(method: Method) -> None:
    model: HybridModel
    model, train = planted_hybrid()
    scores = model.score_catalogue(train.ratings)
    scores[:, model.n_items :] += 100
    parameters = RerankParameters(method=method, diversity=0.1, n_candidates=20)
    found = Reranker(model.content.features).rerank(scores, train.ratings, parameters, 20)
    assert set(range(model.n_items, scores.shape[1])) <= set(found.item_nums.tolist())


def test_shapes_that_do_not_belong_together_are_refused(method: Method, known: Known) -> None:
    scores, rated, reranker = known
    parameters = RerankParameters(method=method, diversity=0.5)
    with pytest.raises(ShapeError, match="29 rows"):
        reranker.rerank(scores, rated[:29], parameters, 10)
    wider = csr_matrix((N_USERS, scores.shape[1] + 1), dtype=np.float32)
    with pytest.raises(ShapeError, match=f"{scores.shape[1] + 1} columns"):
        reranker.rerank(scores, wider, parameters, 10)
    with pytest.raises(ShapeError, match="user_nums"):
        reranker.rerank(top_k(scores, 10), rated[:5], parameters, 10)
    beyond = Ranking(np.array([0]), np.array([scores.shape[1]]), np.zeros(1, dtype=np.float32))
    with pytest.raises(ShapeError, match="item_nums"):
        reranker.rerank(beyond, rated, parameters, 10)
    with pytest.raises(ParameterError, match="k = 0"):
        reranker.rerank(scores, rated, parameters, 0)
