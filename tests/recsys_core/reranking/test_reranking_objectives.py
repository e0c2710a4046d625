"""The mathematics of each method: against slow oracles, and what more diversity must do."""

import math
from typing import Protocol

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ParameterError, ShapeError
from recsys_core.evaluation.beyond_accuracy import unit_features
from recsys_core.features import ItemFeatures
from recsys_core.reranking import METHODS, Method, Reranker, RerankParameters, miscalibration, rerank
from recsys_core.reranking.calibrated import genre_shares, liked_genres
from recsys_core.reranking.determinantal import OWN_SHARE
from recsys_core.reranking.greedy import min_max
from recsys_core.reranking.similarity import ItemSimilarity
from recsys_core.testing.strategies import item_feature_sets

N = 9
QUICK = settings(max_examples=25, deadline=None)


class Objective(Protocol):
    def __call__(self, listed: list[int]) -> float:
        """The diversity of a list."""


@st.composite
def tasks(draw: st.DrawFn) -> tuple[NDArray[np.float32], ItemFeatures, csr_matrix]:
    """Distinct scores of nine titles for one user, features with genres, and a few ratings."""
    places = draw(st.permutations(range(N)))
    gaps = draw(st.lists(st.integers(1, 50), min_size=N, max_size=N))
    scores = np.cumsum(gaps).astype(np.float32)[list(places)][None, :]
    known = draw(item_feature_sets(n_items=N))
    genres = draw(st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=N, max_size=N))
    lengths = np.sqrt(np.maximum(np.sum(genres, axis=1, keepdims=True), 1))
    groups = {**known.groups, "genre": csr_matrix((np.asarray(genres) / lengths).astype(np.float32))}
    names = {**known.names, "genre": ["a", "b", "c", "d"]}
    ratings = draw(st.lists(st.sampled_from([0.0, 0.0, 0.0, 2.0, 4.0, 5.0]), min_size=N, max_size=N))
    return scores, ItemFeatures(known.item_ids, groups, names), csr_matrix(np.asarray([ratings], dtype=np.float32))


def gain_of(method: Method, features: ItemFeatures, rated: csr_matrix) -> Objective:
    """The diversity that a method's greedy step adds up, written down slowly."""
    rows = unit_features(features).toarray()
    cosine = rows @ rows.T
    shares = genre_shares(features)
    wanted = liked_genres(rated, shares)[0]

    def mmr(listed: list[int]) -> float:
        """Minus the nearest neighbour of each title among those above it."""
        return -sum(max(cosine[i, j] for j in listed[:n]) for n, i in enumerate(listed) if n)

    def dpp(listed: list[int]) -> float:
        kernel = (1 - OWN_SHARE) * cosine[np.ix_(listed, listed)]
        np.fill_diagonal(kernel, 1.0)
        return float(np.linalg.slogdet(kernel)[1]) if listed else 0.0

    def calibrated(listed: list[int]) -> float:
        with_genres = [i for i in listed if shares[i].any()]
        mix = sum((shares[i] for i in with_genres), np.zeros(len(wanted))) / max(len(with_genres), 1)
        smoothed = 0.99 * mix + 0.01 * wanted
        return -sum(p * math.log(p / q) for p, q in zip(wanted, smoothed, strict=True) if p > 0)

    return {"mmr": mmr, "dpp": dpp, "calibrated": calibrated}[method]


def chosen(task: tuple[NDArray[np.float32], ItemFeatures, csr_matrix], method: Method, diversity: float) -> list[int]:
    scores, features, rated = task
    parameters = RerankParameters(method=method, diversity=diversity)
    return rerank(scores, features, rated, parameters, N).item_nums.tolist()


@pytest.mark.parametrize("method", METHODS)
@given(task=tasks(), diversity=st.sampled_from([0.1, 0.3, 0.5, 0.8, 1.0]))
@QUICK
def test_each_step_takes_what_a_slow_oracle_finds_best(
    method: Method, task: tuple[NDArray[np.float32], ItemFeatures, csr_matrix], diversity: float
) -> None:
    scores, features, rated = task
    objective = gain_of(method, features, rated)
    unseen = np.flatnonzero(rated.toarray()[0] == 0)
    if len(unseen) == 0:
        assert chosen(task, method, diversity) == []
        return
    values = scores[0, unseen].astype(float)
    spread = values.max() - values.min()
    relevance = dict(zip(unseen.tolist(), (values - values.min()) / spread if spread else [1.0], strict=True))
    listed: list[int] = []
    for item in chosen(task, method, diversity):

        def worth(candidate: int, so_far: list[int] = listed) -> float:
            base = 0.0 if method == "calibrated" else objective(so_far)
            added = objective([*so_far, candidate]) - base
            return (1 - diversity) * relevance[candidate] + diversity * added

        best = max(worth(candidate) for candidate in relevance if candidate not in listed)
        assert worth(item) >= best - 1e-8
        listed.append(item)
    assert sorted(listed) == unseen.tolist()


@pytest.mark.parametrize("method", METHODS)
@given(task=tasks(), weights=st.tuples(st.floats(0, 1), st.floats(0, 1)))
@QUICK
def test_where_two_settings_part_the_larger_adds_no_less_diversity_and_no_more_relevance(
    method: Method, task: tuple[NDArray[np.float32], ItemFeatures, csr_matrix], weights: tuple[float, float]
) -> None:
    """From the same list so far, a larger weight of diversity cannot choose a title that adds less of it."""
    smaller, larger = sorted(weights)
    careful, daring = chosen(task, method, smaller), chosen(task, method, larger)
    parted = next((n for n, pair in enumerate(zip(careful, daring, strict=True)) if pair[0] != pair[1]), None)
    if parted is None:
        return
    objective = gain_of(method, task[1], task[2])
    # The exchange argument divides by the difference of the weights; so does the rounding.
    slack = 1e-8 / max(larger - smaller, 1e-9)
    assert objective(daring[: parted + 1]) >= objective(careful[: parted + 1]) - slack
    assert task[0][0, daring[parted]] <= task[0][0, careful[parted]] + slack * np.ptp(task[0])


@pytest.mark.parametrize("method", ["mmr", "dpp"])
@given(task=tasks(), weights=st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)))
@QUICK
def test_the_first_two_titles_are_no_more_alike_with_more_diversity(
    method: Method, task: tuple[NDArray[np.float32], ItemFeatures, csr_matrix], weights: tuple[float, float]
) -> None:
    """The first title is always the best one, so the second step starts from the same list."""
    smaller, larger = sorted(weights)
    careful, daring = chosen(task, method, smaller)[:2], chosen(task, method, larger)[:2]
    assert careful[:1] == daring[:1]
    objective = gain_of(method, task[1], task[2])
    assert objective(daring) >= objective(careful) - 1e-8 / max(larger - smaller, 1e-9)


@pytest.mark.parametrize("method", METHODS)
@given(task=tasks(), order=st.permutations(range(N)), diversity=st.sampled_from([0.2, 0.6, 1.0]))
@QUICK
def test_renumbering_the_titles_renumbers_the_list(
    method: Method,
    task: tuple[NDArray[np.float32], ItemFeatures, csr_matrix],
    order: list[int],
    diversity: float,
) -> None:
    scores, features, rated = task
    nums = np.asarray(order)
    groups = {name: csr_matrix(matrix[nums]) for name, matrix in features.groups.items()}
    moved = ItemFeatures(features.item_ids[nums], groups, features.names)
    there = chosen((scores[:, nums], moved, csr_matrix(rated[:, nums])), method, diversity)
    assert nums[there].tolist() == chosen(task, method, diversity)


@pytest.mark.parametrize("method", METHODS)
@given(task=tasks(), diversity=st.sampled_from([0.2, 0.6, 1.0]))
@QUICK
def test_of_two_titles_that_are_the_same_in_everything_the_smaller_number_comes_first(
    method: Method, task: tuple[NDArray[np.float32], ItemFeatures, csr_matrix], diversity: float
) -> None:
    scores, features, rated = task
    twice = np.repeat(np.arange(N), 2)
    groups = {name: csr_matrix(matrix[twice]) for name, matrix in features.groups.items()}
    twins = ItemFeatures(np.arange(2 * N), groups, features.names)
    parameters = RerankParameters(method=method, diversity=diversity)
    found = rerank(scores[:, twice], twins, csr_matrix(rated[:, twice]), parameters, 2 * N).item_nums
    place = {int(item): n for n, item in enumerate(found)}
    assert all(place[item] < place[item + 1] for item in place if item % 2 == 0)


def test_dpp_tells_titles_of_one_content_apart_from_others_without_failing() -> None:
    """Two copies of each of three titles: one of each comes before any copy."""
    kinds = csr_matrix(np.repeat(np.eye(3, dtype=np.float32), 2, axis=0))
    features = ItemFeatures(np.arange(6), {"genre": kinds}, {"genre": ["a", "b", "c"]})
    scores = np.asarray([[6, 5, 4, 3, 2, 1]], dtype=np.float32)
    nothing = csr_matrix((1, 6), dtype=np.float32)
    found = rerank(scores, features, nothing, RerankParameters(method="dpp", diversity=0.5), 6)
    assert found.item_nums.tolist() == [0, 2, 4, 1, 3, 5]


def test_mmr_worked_by_hand() -> None:
    """Relevance 1, .9, 0; the second is a copy of the first: with diversity .6 it comes last, with .3 second."""
    kinds = csr_matrix(np.asarray([[1, 0], [1, 0], [0, 1]], dtype=np.float32))
    features = ItemFeatures(np.arange(3), {"genre": kinds}, {"genre": ["a", "b"]})
    scores = np.asarray([[10, 9, 0]], dtype=np.float32)
    nothing = csr_matrix((1, 3), dtype=np.float32)
    # second place: title 1 is worth (1 − d)·.9 − d, title 2 is worth 0; they are equal at d = .9 / 1.9
    for diversity, expected in ((0.6, [0, 2, 1]), (0.48, [0, 2, 1]), (0.47, [0, 1, 2]), (0.3, [0, 1, 2])):
        parameters = RerankParameters(method="mmr", diversity=diversity)
        assert rerank(scores, features, nothing, parameters, 3).item_nums.tolist() == expected


def test_calibrated_gives_the_genres_of_what_was_liked_in_their_shares() -> None:
    """Liked: three dramas and a comedy; disliked: two comedies. Of four titles three are dramas."""
    kinds = np.asarray([[1, 0]] * 8 + [[0, 1]] * 8, dtype=np.float32)
    features = ItemFeatures(np.arange(16), {"genre": csr_matrix(kinds)}, {"genre": ["drama", "comedy"]})
    ratings = np.zeros((1, 16), dtype=np.float32)
    ratings[0, [0, 1, 2, 8]] = 5
    ratings[0, [9, 10]] = 1
    scores = np.arange(16, dtype=np.float32)[None, :]  # comedies first
    shares = genre_shares(features)
    np.testing.assert_allclose(liked_genres(csr_matrix(ratings), shares), [[0.75, 0.25]])
    found = rerank(scores, features, csr_matrix(ratings), RerankParameters(method="calibrated", diversity=0.99), 4)
    assert sorted((found.item_nums < 8).tolist()) == [False, True, True, True]


@pytest.mark.parametrize("method", METHODS)
def test_without_a_history_calibrated_keeps_the_ranking_and_the_others_do_not_need_one(method: Method) -> None:
    features = ItemFeatures(
        np.arange(3),
        {"genre": csr_matrix(np.asarray([[1, 0], [1, 0], [0, 1]], dtype=np.float32))},
        {"genre": ["a", "b"]},
    )
    scores = np.asarray([[10, 9, 0]], dtype=np.float32)
    nothing = csr_matrix((1, 3), dtype=np.float32)
    found = rerank(scores, features, nothing, RerankParameters(method=method, diversity=0.9), 3).item_nums.tolist()
    assert found == ([0, 1, 2] if method == "calibrated" else [0, 2, 1])


def test_miscalibration_worked_by_hand() -> None:
    kinds = csr_matrix(np.asarray([[1, 0], [0, 1], [1, 1], [0, 0]], dtype=np.float32))
    features = ItemFeatures(np.arange(4), {"genre": kinds}, {"genre": ["a", "b"]})
    liked_a = csr_matrix(np.asarray([[5, 0, 0, 0]] * 4, dtype=np.float32))
    lists = np.asarray([[0, -1], [1, -1], [2, 3], [-1, -1]], dtype=np.int32)
    expected = [0.0, math.log(100), -math.log(0.99 * 0.5 + 0.01), math.log(100)]
    np.testing.assert_allclose(miscalibration(lists, liked_a, features), expected, atol=1e-12)
    nothing = csr_matrix((4, 4), dtype=np.float32)
    np.testing.assert_array_equal(miscalibration(lists, nothing, features), np.zeros(4))
    with pytest.raises(ShapeError, match="4 rows, user_ratings 3"):
        miscalibration(lists, liked_a[:3], features)


def test_calibrated_without_genres_says_what_to_choose() -> None:
    features = ItemFeatures(np.arange(2), {"tags": csr_matrix(np.eye(2, dtype=np.float32))}, {"tags": ["x", "y"]})
    scores, nothing = np.zeros((1, 2), dtype=np.float32), csr_matrix((1, 2), dtype=np.float32)
    with pytest.raises(ParameterError, match="'genre', found tags; choose"):
        rerank(scores, features, nothing, RerankParameters(method="calibrated", diversity=0.5), 2)


@given(features=item_feature_sets(n_items=6), share=st.sampled_from([0.0, 0.2, 1.0]))
@QUICK
def test_similarities_are_the_cosines_of_unit_features_however_they_are_held(
    features: ItemFeatures, share: float
) -> None:
    rows = unit_features(features).toarray()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recsys_core.reranking.similarity._DENSE_SHARE", share)
        similarity = ItemSimilarity.of(features)
    nums = np.asarray([[3, 1, 5], [1, 0, 3]])
    expected = np.stack([rows[row] @ rows[row].T for row in nums])
    np.testing.assert_allclose(similarity.among(nums), expected, atol=1e-12)


def test_relevance_runs_from_0_to_1_over_the_open_candidates_and_keeps_their_order() -> None:
    scores = np.asarray([[4, 3, 2, 99], [1, 1, 1, 1], [5, 0, 0, 0], [7, 7, 7, 7]], dtype=np.float32)
    is_open = np.asarray([[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]], dtype=bool)
    expected = [[1, 0.5, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]
    np.testing.assert_array_equal(min_max(scores, is_open), expected)


@pytest.mark.parametrize("wrong", [{"diversity": -0.1}, {"diversity": 1.1}, {"n_candidates": 0}, {"method": "random"}])
def test_parameters_outside_their_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        RerankParameters(**wrong)


def test_reranking_is_off_by_default() -> None:
    assert RerankParameters().diversity == 0


def test_a_reranker_prepares_its_features_once() -> None:
    features = ItemFeatures(np.arange(2), {"genre": csr_matrix(np.eye(2, dtype=np.float32))}, {"genre": ["x", "y"]})
    reranker = Reranker(features)
    assert reranker.similarity is reranker.similarity
    assert reranker.genre_shares is reranker.genre_shares
