"""What a re-ranked list keeps, the determinant against a slow oracle, and what more diversity must do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ParameterError, ShapeError
from recsys_core.evaluation.beyond_accuracy import unit_features
from recsys_core.features import ItemFeatures
from recsys_core.ranking import Ranking, hide, top_k
from recsys_core.reranking import OWN_SHARE, Reranker, RerankParameters
from recsys_core.testing.builders import planted_features, planted_interactions
from recsys_core.testing.hybrids import planted_hybrid
from recsys_core.testing.strategies import item_feature_sets
from tests.recsys_core.planted import mixing, train

N = 9
N_USERS, N_ITEMS = 30, 60
QUICK = settings(max_examples=25, deadline=None)
Known = tuple[Ranking, csr_matrix, Reranker]
Task = tuple[NDArray[np.float32], ItemFeatures, csr_matrix]


@pytest.fixture(scope="module")
def known() -> Known:
    """All titles ranked for 30 users, rated ones among them, what the users rated, and the titles' features."""
    ratings = planted_interactions(N_USERS, N_ITEMS, 500, seed=2)
    scores = np.random.default_rng(0).normal(size=ratings.ratings.shape).astype(np.float32)
    return top_k(scores, N_ITEMS), ratings.ratings, Reranker(planted_features(ratings.item_ids))


def lists_of(ranking: Ranking) -> list[list[int]]:
    return [ranking.item_nums[ranking.user_nums == user].tolist() for user in range(N_USERS)]


def of_users(ranking: Ranking, *users: int) -> Ranking:
    kept = np.isin(ranking.user_nums, users)
    return Ranking(ranking.user_nums[kept], ranking.item_nums[kept], ranking.scores[kept])


def assert_same(one: Ranking, other: Ranking) -> None:
    for name in ("user_nums", "item_nums", "scores"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def features_of(rows: object) -> ItemFeatures:
    matrix = csr_matrix(np.asarray(rows, dtype=np.float32))
    return ItemFeatures(np.arange(matrix.shape[0]), {"genre": matrix}, {"genre": [*"abcdefgh"[: matrix.shape[1]]]})


def chosen(task: Task, diversity: float) -> list[int]:
    scores, features, rated = task
    parameters = RerankParameters(diversity=diversity)
    return Reranker(features).rerank(top_k(scores, scores.size), rated, parameters, scores.size).item_nums.tolist()


def unrated(*scores: float) -> tuple[NDArray[np.float32], csr_matrix]:
    return np.asarray([scores], dtype=np.float32), csr_matrix((1, len(scores)), dtype=np.float32)


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    """Distinct scores of nine titles for one user, features, and a few ratings."""
    gaps = draw(st.lists(st.integers(1, 50), min_size=N, max_size=N))
    scores = np.cumsum(gaps).astype(np.float32)[draw(st.permutations(range(N)))][None, :]
    ratings = draw(st.lists(st.sampled_from([0.0, 0.0, 0.0, 4.0]), min_size=N, max_size=N))
    return scores, draw(item_feature_sets(n_items=N)), csr_matrix(np.asarray([ratings], dtype=np.float32))


def log_determinant(features: ItemFeatures, listed: list[int]) -> float:
    rows = unit_features(features).toarray()[listed]
    kernel = (1 - OWN_SHARE) * rows @ rows.T
    np.fill_diagonal(kernel, 1.0)
    return float(np.linalg.slogdet(kernel)[1]) if listed else 0.0


def test_diversity_0_is_the_models_own_list_bit_for_bit() -> None:
    model, train = planted_hybrid()
    found = Reranker(model.content.features).rerank(
        model.recommend(train.ratings, 20), train.ratings, RerankParameters(), 8
    )
    assert_same(found, model.recommend(train.ratings, 8))


def test_a_tiny_diversity_keeps_the_order_of_scores_that_lie_apart(known: Known) -> None:
    ranking, rated, reranker = known
    apart = Ranking(ranking.user_nums, ranking.item_nums, (N_ITEMS - ranking.ranks).astype(np.float32))
    expected = reranker.rerank(apart, rated, RerankParameters(), 10)
    assert_same(reranker.rerank(apart, rated, RerankParameters(diversity=1e-6), 10), expected)


@pytest.mark.parametrize("diversity", [0.0, 0.3, 1.0])
def test_lists_hold_no_rated_title_and_no_title_twice(known: Known, diversity: float) -> None:
    ranking, rated, reranker = known
    found = reranker.rerank(ranking, rated, RerankParameters(diversity=diversity), 12)
    seen = rated.toarray() != 0
    assert not seen[found.user_nums, found.item_nums].any()
    for user, items in enumerate(lists_of(found)):
        assert len(set(items)) == len(items) == min(12, int((~seen[user]).sum()))


def test_the_ranking_is_sorted_by_user_and_keeps_the_models_scores(known: Known) -> None:
    ranking, rated, reranker = known
    found = reranker.rerank(ranking, rated, RerankParameters(diversity=0.5), 10)
    assert (np.diff(found.user_nums) >= 0).all()
    scores = dict(zip(zip(ranking.user_nums, ranking.item_nums, strict=True), ranking.scores, strict=True))
    pairs = zip(found.user_nums, found.item_nums, strict=True)
    assert [scores[pair] for pair in pairs] == found.scores.tolist()
    assert (np.diff(found.scores)[np.diff(found.user_nums) == 0] > 0).any()  # it did re-order


@pytest.mark.parametrize("diversity", [0.4, 1.0])
def test_titles_come_from_the_best_candidates_only(known: Known, diversity: float) -> None:
    ranking, rated, reranker = known
    pools = lists_of(reranker.rerank(ranking, rated, RerankParameters(), 15))
    found = reranker.rerank(ranking, rated, RerankParameters(diversity=diversity, n_candidates=15), 10)
    assert all(set(items) <= set(pool) for items, pool in zip(lists_of(found), pools, strict=True))


def test_a_list_longer_than_the_candidates_widens_them(known: Known) -> None:
    ranking, rated, reranker = known
    found = reranker.rerank(ranking, rated, RerankParameters(diversity=0.5, n_candidates=5), 20)
    assert {len(items) for items in lists_of(found)} == {20}


def test_a_list_longer_than_the_catalogue_has_every_unseen_title_once(known: Known) -> None:
    ranking, rated, reranker = known
    found = reranker.rerank(ranking, rated, RerankParameters(diversity=0.9), 500)
    unseen = [np.flatnonzero(row == 0).tolist() for row in rated.toarray()]
    assert [sorted(items) for items in lists_of(found)] == unseen


@pytest.mark.parametrize("diversity", [0.2, 0.8])
def test_many_users_get_what_each_gets_alone(known: Known, diversity: float) -> None:
    ranking, rated, reranker = known
    parameters = RerankParameters(diversity=diversity)
    together = reranker.rerank(ranking, rated, parameters, 10)
    for user in range(N_USERS):
        assert_same(reranker.rerank(of_users(ranking, user), rated, parameters, 10), of_users(together, user))


def test_equal_titles_come_in_the_order_of_their_numbers() -> None:
    scores, rated = unrated(0, 0, 0, 0, 0, 0)
    assert chosen((scores, features_of(np.ones((6, 1))), rated), 0.5) == [0, 1, 2, 3, 4, 5]


def test_inputs_are_not_changed(known: Known) -> None:
    ranking, rated, reranker = known
    before, data = Ranking(ranking.user_nums.copy(), ranking.item_nums.copy(), ranking.scores.copy()), rated.data.copy()
    reranker.rerank(ranking, rated, RerankParameters(diversity=0.5), 10)
    assert_same(ranking, before)
    np.testing.assert_array_equal(rated.data, data)


def test_nobody_asked_gives_an_empty_ranking(known: Known) -> None:
    ranking, rated, reranker = known
    found = reranker.rerank(of_users(ranking), rated[:0], RerankParameters(diversity=0.5), 10)
    assert len(found.user_nums) == len(found.item_nums) == len(found.scores) == 0


def test_cold_titles_may_be_in_the_list_of_a_whole_catalogue() -> None:
    model, ratings = mixing(), train().ratings
    scores = model.score_catalogue(ratings)
    scores[:, model.n_items :] += 100
    hide(scores, ratings)
    parameters = RerankParameters(diversity=0.1, n_candidates=20)
    found = Reranker(model.content.features).rerank(top_k(scores, 20), ratings, parameters, 20)
    assert set(range(model.n_items, scores.shape[1])) <= set(found.item_nums.tolist())


def test_shapes_that_do_not_belong_together_are_refused(known: Known) -> None:
    ranking, rated, reranker = known
    parameters = RerankParameters(diversity=0.5)
    wider = csr_matrix((N_USERS, N_ITEMS + 1), dtype=np.float32)
    with pytest.raises(ShapeError, match=f"{N_ITEMS + 1} columns"):
        reranker.rerank(ranking, wider, parameters, 10)
    with pytest.raises(ShapeError, match="user_nums"):
        reranker.rerank(ranking, rated[:29], parameters, 10)
    beyond = Ranking(np.array([0]), np.array([N_ITEMS]), np.zeros(1, dtype=np.float32))
    with pytest.raises(ShapeError, match="item_nums"):
        reranker.rerank(beyond, rated, parameters, 10)
    with pytest.raises(ParameterError, match="k = 0"):
        reranker.rerank(ranking, rated, parameters, 0)


@given(task=tasks(), diversity=st.sampled_from([0.1, 0.3, 0.5, 0.8, 1.0]))
@QUICK
def test_each_step_takes_what_a_slow_oracle_finds_best(task: Task, diversity: float) -> None:
    scores, features, rated = task
    unseen = np.flatnonzero(rated.toarray()[0] == 0)
    values = scores[0, unseen].astype(float)
    spread = np.ptp(values) if len(values) else 0.0
    relevance = dict(
        zip(unseen.tolist(), (values - values.min()) / spread if spread else [1.0] * len(values), strict=True)
    )
    listed: list[int] = []
    for item in chosen(task, diversity):
        worth = {
            other: (1 - diversity) * relevance[other]
            + diversity * (log_determinant(features, [*listed, other]) - log_determinant(features, listed))
            for other in relevance
            if other not in listed
        }
        assert worth[item] >= max(worth.values()) - 1e-8
        listed.append(item)
    assert sorted(listed) == unseen.tolist()


@given(task=tasks(), weights=st.tuples(st.floats(0, 1), st.floats(0, 1)))
@QUICK
def test_where_two_settings_part_the_larger_adds_no_less_diversity_and_no_more_relevance(
    task: Task, weights: tuple[float, float]
) -> None:
    """From the same list so far, a larger weight of diversity cannot choose a title that adds less of it."""
    smaller, larger = sorted(weights)
    careful, daring = chosen(task, smaller), chosen(task, larger)
    parted = next((n for n, pair in enumerate(zip(careful, daring, strict=True)) if pair[0] != pair[1]), None)
    if parted is None:
        return
    # The exchange argument divides by the difference of the weights; so does the rounding.
    slack = 1e-8 / max(larger - smaller, 1e-9)
    more, less = (log_determinant(task[1], listed[: parted + 1]) for listed in (daring, careful))
    assert more >= less - slack
    assert task[0][0, daring[parted]] <= task[0][0, careful[parted]] + slack * np.ptp(task[0])


@given(task=tasks(), order=st.permutations(range(N)), diversity=st.sampled_from([0.2, 0.6, 1.0]))
@QUICK
def test_renumbering_the_titles_renumbers_the_list(task: Task, order: list[int], diversity: float) -> None:
    scores, features, rated = task
    nums = np.asarray(order)
    groups = {name: csr_matrix(matrix[nums]) for name, matrix in features.groups.items()}
    moved = ItemFeatures(features.item_ids[nums], groups, features.names)
    there = chosen((scores[:, nums], moved, csr_matrix(rated[:, nums])), diversity)
    assert nums[there].tolist() == chosen(task, diversity)


@given(task=tasks(), diversity=st.sampled_from([0.2, 0.6, 1.0]))
@QUICK
def test_of_two_titles_that_are_the_same_in_everything_the_smaller_number_comes_first(
    task: Task, diversity: float
) -> None:
    scores, features, rated = task
    twice = np.repeat(np.arange(N), 2)
    groups = {name: csr_matrix(matrix[twice]) for name, matrix in features.groups.items()}
    twins = ItemFeatures(np.arange(2 * N), groups, features.names)
    found = chosen((scores[:, twice], twins, csr_matrix(rated[:, twice])), diversity)
    place = {item: n for n, item in enumerate(found)}
    assert all(place[item] < place[item + 1] for item in place if item % 2 == 0)


def test_titles_of_one_content_are_told_apart_from_others_without_failing() -> None:
    """Two copies of each of three titles: one of each comes before any copy."""
    scores, rated = unrated(6, 5, 4, 3, 2, 1)
    assert chosen((scores, features_of(np.repeat(np.eye(3), 2, axis=0)), rated), 0.5) == [0, 2, 4, 1, 3, 5]


@given(features=item_feature_sets(n_items=6), share=st.sampled_from([0.0, 0.2, 1.0]))
@QUICK
def test_cosines_are_those_of_unit_features_however_they_are_held(features: ItemFeatures, share: float) -> None:
    rows = unit_features(features).toarray()[[3, 1, 5]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recsys_core.sparse_rows._COMMON", share)
        np.testing.assert_allclose(Reranker(features).cosines(np.asarray([3, 1, 5])), rows @ rows.T, atol=1e-12)


@pytest.mark.parametrize("wrong", [{"diversity": -0.1}, {"diversity": 1.1}, {"n_candidates": 0}, {"method": "mmr"}])
def test_parameters_outside_their_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        RerankParameters(**wrong)


def test_reranking_is_off_by_default() -> None:
    assert RerankParameters().diversity == 0
