"""Training users who play newcomers: what they may know, what they are recommended, and what a question is worth."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.evaluation import ndcg_of_scores
from recsys_core.onboarding import OnboardingParameters
from recsys_core.onboarding.orders import most_rated_first
from recsys_core.onboarding.simulation import Newcomers, simulate_newcomers
from recsys_core.onboarding.worth import greedy_list
from recsys_core.testing import planted_interactions

N_CANDIDATES = 20


@cache
def _train() -> UserItemMatrix:
    return planted_interactions(120, 40, 1500, seed=5)


def simulated(train: UserItemMatrix | None = None, **parameters: float) -> Newcomers:
    train = train or _train()
    found = simulate_newcomers(
        train,
        most_rated_first(train.ratings)[:30],
        N_CANDIDATES,
        OnboardingParameters(**parameters),
        feedback=MOVIELENS.feedback,
    )
    assert found is not None
    return found


def random_newcomers(seed: int, n_newcomers: int = 12, n_titles: int = 25, n_candidates: int = 6) -> Newcomers:
    rng = np.random.default_rng(seed)
    targets = rng.random((n_newcomers, n_titles)) < 0.2
    targets[:, -1] = True
    strengths = rng.random((n_newcomers, n_candidates)) * (rng.random((n_newcomers, n_candidates)) < 0.4)
    return Newcomers(
        strengths.astype(np.float32),
        targets,
        ~targets & (rng.random(targets.shape) < 0.2),
        rng.integers(0, 2, n_newcomers),
        rng.normal(size=(2, n_candidates, n_titles)).astype(np.float32),
        rng.normal(size=(2, n_titles)).astype(np.float32),
        n_items=40,
        prior_answers=5.0,
    )


@given(seed=st.integers(0, 200), n_answers=st.integers(0, 3))
def test_ndcg_is_that_of_the_evaluation(seed: int, n_answers: int) -> None:
    newcomers = random_newcomers(seed)
    rows = np.arange(len(newcomers.targets))
    told = np.zeros(newcomers.targets.shape, dtype=np.float32)
    for place in range(n_answers):
        told += newcomers.strengths[:, [place]] * newcomers.weights[newcomers.group, place]
    everything = np.concatenate([told, np.zeros((len(told), 40 - told.shape[1]))], axis=1)
    spread = everything.std(axis=1)
    scale = np.divide(n_answers, 5.0 * spread, out=np.zeros(len(told)), where=spread > 1e-9)
    scores = newcomers.popularity[newcomers.group] + scale[:, None] * told
    expected = ndcg_of_scores(scores, csr_matrix(newcomers.targets), seen=csr_matrix(newcomers.closed))
    found = newcomers.ndcg(rows, told, np.full(len(rows), n_answers))
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_nobody_is_recommended_what_they_could_be_asked_or_asked_what_they_are_to_be_recommended() -> None:
    newcomers = simulated()
    assert not (newcomers.targets & newcomers.closed).any()
    assert (newcomers.closed[:, :N_CANDIDATES] == (newcomers.strengths > 0)).all()
    assert newcomers.targets.any(axis=1).all()


def test_the_targets_are_liked_and_both_halves_of_a_person_take_part() -> None:
    order = most_rated_first(_train().ratings)[:30]
    liked = (_train().ratings[:, order].toarray() >= 4).sum()
    assert simulated().targets.sum() == liked


def test_a_newcomers_recommender_knows_nothing_of_them() -> None:
    before = simulated()
    own = np.flatnonzero(_train().user_nums() == 0)
    values = _train().ratings.data.copy()
    values[own] = np.where(values[own] >= 4, 9 - values[own], 4 - values[own])  # what is liked stays so
    changed = UserItemMatrix(
        csr_matrix((values, _train().ratings.indices, _train().ratings.indptr), _train().ratings.shape),
        _train().timestamps,
        _train().user_ids,
        _train().item_ids,
    )
    after = simulated(changed)
    same = [bool((before.weights[group] == after.weights[group]).all()) for group in (0, 1)]
    assert sorted(same) == [False, True]
    theirs = (after.strengths != before.strengths).any(axis=1)
    assert 1 <= theirs.sum() <= 2
    assert all(same[group] for group in after.group[theirs])


def test_only_so_many_users_play_newcomers() -> None:
    assert len(simulated(max_users=10).targets) <= 20 < len(simulated().targets)


def test_a_single_user_cannot_play() -> None:
    one = _train().rows(np.array([0]))
    order = most_rated_first(one.ratings)
    assert simulate_newcomers(one, order, 5, OnboardingParameters(), feedback=MOVIELENS.feedback) is None


def test_without_anything_liked_nobody_plays() -> None:
    order = most_rated_first(_train().ratings)
    parameters = OnboardingParameters(positive_threshold=6)
    assert simulate_newcomers(_train(), order, 5, parameters, feedback=MOVIELENS.feedback) is None


@given(seed=st.integers(0, 100))
def test_the_gains_of_a_list_add_up_to_what_its_answers_bring(seed: int) -> None:
    newcomers = random_newcomers(seed)
    places, gains = greedy_list(newcomers, 4)
    assert len(set(places.tolist())) == 4
    rows = np.arange(len(newcomers.targets))
    told = sum((newcomers.told(rows, int(place)) for place in places), np.zeros(newcomers.targets.shape, np.float32))
    n_answers = (newcomers.strengths[:, places] > 0).sum(axis=1)
    start = newcomers.ndcg(rows, np.zeros_like(told), np.zeros(len(rows), dtype=np.int64))
    assert gains.sum() == pytest.approx((newcomers.ndcg(rows, told, n_answers) - start).mean(), abs=1e-6)


@given(seed=st.integers(0, 100))
def test_the_first_of_the_list_is_the_best_single_question(seed: int) -> None:
    newcomers = random_newcomers(seed)
    rows = np.arange(len(newcomers.targets))
    start = newcomers.ndcg(rows, np.zeros(newcomers.targets.shape, np.float32), np.zeros(len(rows), dtype=np.int64))
    alone = [
        (newcomers.ndcg(rows, newcomers.told(rows, place), (newcomers.strengths[:, place] > 0) * 1) - start).mean()
        for place in range(newcomers.strengths.shape[1])
    ]
    assert greedy_list(newcomers, 1)[1][0] == pytest.approx(max(alone), abs=1e-9)


def test_a_list_is_no_longer_than_the_candidates() -> None:
    places, gains = greedy_list(random_newcomers(0), 50)
    assert sorted(places.tolist()) == list(range(6))
    assert np.isfinite(gains).all()
