"""Lists from the head of a catalogue: those of all titles, or none."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.histories import Histories
from recsys_core.hybrid import MODEL_NAMES, HybridModel, ModelName, NewTitles, fit_hybrid
from recsys_core.hybrid.feature_ridge import FeatureRidgeParameters
from recsys_core.hybrid.reach import Reach
from recsys_core.ranking import Ranking
from recsys_core.sources.ease import fit_ease
from recsys_core.sources.entries import Entries
from recsys_core.sources.table import SOURCES
from recsys_core.testing import histories_of, planted_features, planted_interactions
from recsys_core.testing.hybrids import PLANTED_PARAMETERS, PLANTED_WEIGHTS, cold_ids
from tests.recsys_core.planted import mixing

N_COLD, N_HEAD, K = 9, 90, 6
SOME_WEIGHTS = st.dictionaries(st.sampled_from([kind.name for kind in SOURCES]), st.sampled_from([0.0, 0.4, 1.5]))


@cache
def train() -> UserItemMatrix:
    """Of some two hundred titles most are rated by few."""
    return planted_interactions(200, 260, 7000, seed=4)


@cache
def reaching() -> HybridModel:
    """A hybrid with cold titles in its lists, which are made from a head of ninety titles."""
    model = fit_hybrid(
        train(),
        planted_features(np.sort(np.concatenate([train().item_ids, cold_ids(train(), N_COLD)]))),
        parameters=PLANTED_PARAMETERS,
        weights=PLANTED_WEIGHTS.replace(
            taste={"als": 1.0, "ease": 4.0, "content": 0.05},
            prior={"recent_popularity": 0.9, "neighbours": 1.5},
            gate_power=3.0,
        ),
        feedback=MOVIELENS.feedback,
        ridge=FeatureRidgeParameters(max_items=30, regularization=0.5),
    )
    calibration = mixing().cold.calibration
    assert calibration is not None
    calibration = calibration.replace(cold_slope=1.2, cold_length=0.3)
    return with_head(replace(model, cold=replace(model.cold, calibration=calibration)))


def with_head(model: HybridModel) -> HybridModel:
    model.__dict__["_reach"] = Reach.of(model, N_HEAD)
    return model


def reach_of(model: HybridModel) -> Reach:
    found = vars(model)["_reach"]
    assert isinstance(found, Reach)
    return found


def everybody() -> Histories:
    """The people of the training data, of every fourth of them four ratings; some have rated cold titles."""
    ratings = train().ratings
    users = np.repeat(np.arange(train().n_users), np.diff(ratings.indptr))
    kept = (users % 4 > 0) | (np.arange(ratings.nnz) - ratings.indptr[users] < 4)
    known = csr_matrix((ratings.data[kept], (users[kept], ratings.indices[kept])), shape=ratings.shape)
    cold = np.zeros((train().n_users, N_COLD), dtype=np.float32)
    cold[::7, 2], cold[3::11, 5] = 4.5, 1.0
    return Histories(known, train().timestamps[kept], csr_matrix(cold))


def from_all(hybrid: HybridModel, histories: Histories, k: int, **options: Any) -> Ranking:
    """The lists as they are made without a head."""
    whole = replace(hybrid)
    whole.__dict__["_reach"] = None
    return whole.recommend(histories, k, **options)


def assert_same(found: Ranking, expected: Ranking) -> None:
    np.testing.assert_array_equal(found.user_nums, expected.user_nums)
    np.testing.assert_allclose(found.scores, expected.scores, rtol=0, atol=2e-4)
    for place in np.flatnonzero(found.item_nums != expected.item_nums):
        user = expected.user_nums == expected.user_nums[place]  # equal but for rounding: another place in the list
        near = user & (np.abs(expected.scores - found.scores[place]) < 4e-4)
        assert found.item_nums[place] in expected.item_nums[near] or near[user][-1]


def decided(model: HybridModel, histories: Histories, *, with_cold: bool = True) -> NDArray[np.int64]:
    """Whose lists the head decides."""
    closed = np.zeros(len(model.catalogue_ids), dtype=bool)
    found, left = reach_of(model).lists(model, histories, K, closed=closed, with_cold=with_cold, entries=Entries())
    users = np.unique(found.user_nums)
    np.testing.assert_array_equal(np.setdiff1d(np.arange(histories.n_users), left), users)
    return users


def test_the_head_decides_most_lists_and_they_are_those_of_all_titles() -> None:
    model, histories = reaching(), everybody()
    assert len(reach_of(model).nums) < model.n_items / 2
    assert 0.5 < len(decided(model, histories)) / histories.n_users < 0.9, "the rest is left to all titles"
    found = model.recommend(histories, K)
    assert (found.item_nums >= model.n_items).any(), "cold titles stand in some"
    outside = np.setdiff1d(found.item_nums[found.item_nums < model.n_items], reach_of(model).nums)
    assert len(outside), "and titles beyond the head, of people who are left to all titles"
    assert_same(found, from_all(model, histories, K))


@pytest.mark.parametrize("asked", MODEL_NAMES)
def test_options_hold_for_lists_from_the_head(asked: ModelName) -> None:
    model, histories = reaching(), everybody()
    best = np.unique(from_all(model, histories, 2, model=asked).item_nums)
    for options in (
        {},
        {"exclude": best[::2]},
        {"candidates": np.arange(0, model.n_items, 3)},
        {"reranked": _backwards, "n_best": 9},
    ):
        assert_same(
            model.recommend(histories, K, model=asked, **options),
            from_all(model, histories, K, model=asked, **options),
        )


def _backwards(best: Ranking) -> Ranking:
    order = np.lexsort((-best.ranks, best.user_nums))
    return Ranking(best.user_nums, best.item_nums[order], best.scores[order])


@given(
    histories=st.deferred(lambda: histories_of(n_items=reaching().n_items, n_cold=N_COLD, max_users=5)),
    taste=SOME_WEIGHTS,
    prior=SOME_WEIGHTS,
    kappa=st.sampled_from([0.0, 2.0, 40.0]),
    dislikes=st.sampled_from([0.0, 2.0]),
    k=st.sampled_from([1, 6, 400]),
)
def test_lists_are_those_of_all_titles_for_all_weights_and_histories(
    histories: Histories, taste: dict[str, float], prior: dict[str, float], kappa: float, dislikes: float, k: int
) -> None:
    weights = reaching().weights.replace(taste=taste, prior=prior, kappa=kappa, dislikes=dislikes)
    model = reaching().with_weights(weights)
    some = beside(histories, everybody().rows(0, 20))
    assert_same(model.recommend(some, k), from_all(model, some, k))


def beside(histories: Histories, others: Histories) -> Histories:
    """All of them, with times and cold ratings."""
    times = histories.times if histories.times is not None else np.full(histories.ratings.nnz, 10**9)
    cold = histories.cold if histories.cold is not None else csr_matrix((histories.n_users, N_COLD), dtype=np.float32)
    assert others.times is not None
    return Histories(
        csr_matrix(vstack([histories.ratings, others.ratings], format="csr")),
        np.concatenate([times, others.times]),
        csr_matrix(vstack([cold, others.cold], format="csr")),
    )


def test_longer_lists_than_the_head_has_are_left_to_all_titles() -> None:
    model, histories = reaching(), everybody()
    closed = np.zeros(len(model.catalogue_ids), dtype=bool)
    _, left = reach_of(model).lists(model, histories, 200, closed=closed, with_cold=True, entries=Entries())
    assert len(left) == histories.n_users
    assert_same(model.recommend(histories, 200), from_all(model, histories, 200))


def test_one_person_of_many_whom_neighbours_are_asked_for_is_decided_with_the_others() -> None:
    model = reaching().with_weights(reaching().weights.replace(kappa=4.0))
    everyone = everybody()
    lengths = everyone.n_liked(model.feedback)
    short, long = np.flatnonzero(lengths < 5)[:1], np.flatnonzero(lengths > 15)[:30]
    some = everyone.only(np.sort(np.concatenate([short, long])))
    neighbours = model.weights.factors(some.n_liked(model.feedback), slight=False)["neighbours"]
    assert np.count_nonzero(neighbours) == 1
    assert np.flatnonzero(neighbours)[0] in decided(model, some)
    assert_same(model.recommend(some, K), from_all(model, some, K))


def test_one_person_gets_the_list_that_many_get() -> None:
    model, histories = reaching(), everybody()
    alone = [histories.rows(user, user + 1) for user in range(40)]
    assert sum(len(decided(model, one)) for one in alone) > 20
    together = model.recommend(histories, K)
    for user, one in enumerate(alone):
        found = model.recommend(one, K)
        mine = together.user_nums == user
        assert_same(
            found, Ranking(np.zeros(mine.sum(), dtype=np.int64), together.item_nums[mine], together.scores[mine])
        )


def test_what_neighbours_say_of_titles_beyond_the_head_can_bring_them_into_lists() -> None:
    weights = reaching().weights.replace(taste={"als": 0.5, "ease": 0.1}, prior={"neighbours": 1.5}, kappa=10.0)
    model = reaching().with_weights(weights)
    assert len(decided(model, everybody())) > 0
    found = model.recommend(everybody(), K)
    warm = found.item_nums[found.item_nums < model.n_items]
    assert (~np.isin(warm, reach_of(model).nums)).any()
    assert_same(found, from_all(model, everybody(), K))


def test_the_balance_of_collaborative_and_content_holds() -> None:
    model, histories = reaching(), everybody()
    for alpha in (0.0, 0.3, 1.0):
        some = model.with_weights(model.weights.balanced(alpha))
        assert_same(some.recommend(histories, K), from_all(some, histories, K))


def test_the_head_is_found_once_whatever_is_asked_for() -> None:
    model = replace(reaching())
    made = []

    def counted(model: HybridModel) -> Reach:
        made.append(model)
        return reach_of(reaching())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reach, "of", counted)
        for asked in MODEL_NAMES:
            model.recommend(everybody(), K, model=asked)
            model.recommend(everybody().rows(0, 3), K, model=asked)
    assert made == [model]


def test_a_title_beyond_the_head_that_could_be_in_a_list_is_found() -> None:
    model = reaching()
    beyond = int(np.setdiff1d(np.arange(model.n_items), reach_of(model).nums)[0])
    factors = model.als.item_factors.copy()
    factors[beyond] = 50 * factors[np.argmax(np.linalg.norm(factors, axis=1))]
    changed = replace(model, sources={**model.sources, "als": replace(model.als, item_factors=factors)})
    loved = with_head(changed.with_weights(changed.weights.replace(taste={"als": 1.0}, kappa=0.0)))
    found = loved.recommend(everybody(), K)
    assert (found.item_nums == beyond).sum() > 20
    assert_same(found, from_all(loved, everybody(), K))


def test_newcomers_to_the_model_are_left_to_all_titles() -> None:
    model = reaching()
    alone = model.asked("ease")
    kept = alone.sources["ease"].columns
    assert kept is not None
    row = np.zeros((20, model.n_items), dtype=np.float32)
    row[:, np.setdiff1d(np.arange(model.n_items), kept)[0]] = 5.0
    assert len(decided(alone, Histories(csr_matrix(row)), with_cold=False)) == 0
    assert_same(alone.recommend(csr_matrix(row), K), from_all(alone, Histories(csr_matrix(row)), K))


def test_a_small_catalogue_and_features_that_are_no_factors_have_no_head() -> None:
    model = reaching()
    assert Reach.of(model) is None
    features = model.content.features
    tags = csr_matrix((np.ones(1, dtype=np.float32), ([0], [17])), shape=(len(features.item_ids), 4000))
    names = {**features.names, "tags": [f"tag {num}" for num in range(4000)]}
    features = replace(features, groups={**features.groups, "tags": tags}, names=names)
    sparse = replace(model.content, features=features)
    assert Reach.of(replace(model, sources={**model.sources, "content": sparse}), N_HEAD) is None


def test_nothing_bounds_dislikes_where_every_title_takes_part_in_ease() -> None:
    everything = PLANTED_PARAMETERS["ease"].replace(max_items=50_000, min_item_ratings=1)
    ease = fit_ease(train().ratings, train().item_ids, everything, feedback=MOVIELENS.feedback)
    assert ease.columns is None
    model = replace(reaching(), sources={**reaching().sources, "ease": ease})
    assert Reach.of(model, N_HEAD) is None


def test_blocks_may_go_by_the_head_where_it_decides() -> None:
    model = reaching()
    assert model.n_scored() == model.n_scored("als", NewTitles()) == len(reach_of(model).nums) + N_COLD
    assert model.n_scored("content") == model.n_scored(new_titles=NewTitles(places=2)) == len(model.catalogue_ids)
