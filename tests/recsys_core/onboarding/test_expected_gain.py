"""Expected gain: chance of an answer times what it tells, by brute force and on data with a known answer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.errors import ShapeError
from recsys_core.onboarding import ExpectedGain, FactorModel, OnboardingParameters, fit_expected_gain

NOTHING = np.zeros(0, dtype=np.int64)


def _random_gain(seed: int, n_titles: int = 8, n_candidates: int = 6) -> ExpectedGain:
    rng = np.random.default_rng(seed)
    taste, knowledge = (
        FactorModel(rng.uniform(0.1, 0.9, n_titles), rng.normal(size=(n_titles, 3)), rng.uniform(0.2, 1, n_titles))
        for _ in range(2)
    )
    return ExpectedGain(n_candidates, taste, knowledge)


@given(seed=st.integers(0, 500), n_answered=st.integers(0, 3), n_unseen=st.integers(0, 2))
def test_the_next_place_is_the_best_by_brute_force(seed: int, n_answered: int, n_unseen: int) -> None:
    gain = _random_gain(seed)
    places = np.random.default_rng(seed).permutation(gain.n_candidates)
    answered = np.sort(places[:n_answered])
    unseen = np.sort(places[n_answered : n_answered + n_unseen])
    closed = np.isin(np.arange(gain.n_candidates), np.concatenate([answered, unseen]))

    def summed_variance(seen: np.ndarray) -> float:
        return float(np.trace(gain.taste.loadings @ gain.taste.covariance(seen) @ gain.taste.loadings.T))

    before, known = summed_variance(answered), gain.known(answered, unseen)
    worth = [
        -1.0 if closed[place] else known[place] * (before - summed_variance(np.append(answered, place)))
        for place in range(gain.n_candidates)
    ]
    chosen = gain.next_places(answered, unseen, closed, 1)
    assert worth[int(chosen[0])] == pytest.approx(max(worth), rel=1e-6)


def test_of_two_titles_that_tell_the_same_only_one_is_asked_about_early() -> None:
    rng = np.random.default_rng(4)
    twin, other = rng.random((2, 400)) < 0.5
    ratings = np.stack([twin, twin, other, other[::-1]], axis=1) * 5.0
    gain = fit_expected_gain(csr_matrix(ratings), 4, OnboardingParameters(factors=3, noise=1), rating_scale_max=5)
    first_three = gain.next_places(NOTHING, NOTHING, np.zeros(4, dtype=bool), 3).tolist()
    assert len({0, 1} & set(first_three)) == 1


def test_a_title_unlike_any_other_tells_nothing_about_the_others_and_comes_last() -> None:
    rng = np.random.default_rng(5)
    group, lonely = rng.random((2, 400)) < 0.5
    noisy = [np.where(rng.random(400) < 0.9, group, ~group) for _ in range(4)]
    ratings = np.stack([lonely, *noisy], axis=1) * 5.0
    gain = fit_expected_gain(csr_matrix(ratings), 5, OnboardingParameters(factors=1, noise=1), rating_scale_max=5)
    assert gain.next_places(NOTHING, NOTHING, np.zeros(5, dtype=bool), 5)[-1] == 0


def test_who_did_not_know_one_title_is_expected_not_to_know_its_like() -> None:
    era = np.repeat([True, False], 50)
    ratings = np.stack([era, era, ~era], axis=1) * 4.0
    gain = fit_expected_gain(csr_matrix(ratings), 3, OnboardingParameters(factors=1), rating_scale_max=5)
    before, after = gain.known(NOTHING, NOTHING), gain.known(NOTHING, np.array([0]))
    assert after[1] < before[1]
    assert after[2] > before[2]


def test_chances_stay_between_never_and_always() -> None:
    known = _random_gain(1).known(np.array([0, 1, 2]), np.array([3]))
    assert ((known > 0) & (known < 1)).all()


def test_models_of_other_titles_are_refused() -> None:
    gain = _random_gain(0)
    shorter = FactorModel(np.zeros(2), np.zeros((2, 1)), np.ones(2))
    with pytest.raises(ShapeError, match="taste describes 8 titles, knowledge 2"):
        ExpectedGain(2, gain.taste, shorter)
    with pytest.raises(ShapeError, match="9 are candidates"):
        ExpectedGain(9, gain.taste, gain.knowledge)
