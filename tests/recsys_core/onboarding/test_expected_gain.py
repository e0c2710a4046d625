"""Expected gain: what a title brings, for a person who is likely to know it."""

import numpy as np
import pytest

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.errors import ShapeError
from recsys_core.onboarding import ExpectedGain, FactorModel, OnboardingParameters, fit_expected_gain
from recsys_core.onboarding.orders import most_rated_first
from recsys_core.testing import planted_interactions

NOTHING = np.zeros(0, dtype=np.int64)
OPEN = np.zeros(4, dtype=bool)
# Titles 0 and 1 are known by one kind of people, 2 and 3 by another.
TWO_KINDS = FactorModel(
    np.array([0.6, 0.5, 0.4, 0.3]), np.array([[0.4], [0.4], [-0.4], [-0.4]]), np.array([0.1, 0.1, 0.1, 0.1])
)
WORTH = np.array([0.1, 0.4, 0.3, 0.2])


def test_a_person_of_whom_nothing_is_known_is_asked_by_worth() -> None:
    assert ExpectedGain(WORTH, TWO_KINDS).next_places(NOTHING, NOTHING, OPEN, 4).tolist() == [1, 2, 3, 0]


def test_worth_is_weighed_by_how_likely_the_person_knows_the_title() -> None:
    gain = ExpectedGain(WORTH, TWO_KINDS)
    closed = np.array([True, False, False, False])
    knew = gain.known(np.array([0]), NOTHING)
    by_hand = 0.5 + 0.4 * (0.4 * 0.4 / 0.1) / (1 + 0.4**2 / 0.1)  # mean + loading · posterior mean of z
    assert knew[1] == pytest.approx(by_hand)
    assert gain.next_places(np.array([0]), NOTHING, closed, 3).tolist() == [1, 2, 3]
    assert gain.next_places(NOTHING, np.array([0]), closed, 3).tolist() == [2, 3, 1]


def test_who_did_not_know_one_title_is_expected_not_to_know_its_like() -> None:
    gain = ExpectedGain(WORTH, TWO_KINDS)
    before, after = gain.known(NOTHING, NOTHING), gain.known(NOTHING, np.array([0]))
    assert after[1] < before[1]
    assert after[2] > before[2]


def test_chances_stay_between_never_and_always() -> None:
    strong = FactorModel(TWO_KINDS.mean, TWO_KINDS.loadings * 10, TWO_KINDS.noise)
    known = ExpectedGain(WORTH, strong).known(np.array([0, 1]), np.array([2]))
    assert ((known > 0) & (known < 1)).all()


def test_closed_titles_are_not_asked_about() -> None:
    closed = np.array([False, True, False, True])
    assert ExpectedGain(WORTH, TWO_KINDS).next_places(NOTHING, NOTHING, closed, 9).tolist() == [2, 0]


def test_listed_titles_are_worth_more_than_those_that_were_not_measured() -> None:
    train = planted_interactions(120, 40, 1500, seed=5)
    order = most_rated_first(train.ratings)
    parameters = OnboardingParameters(n_candidates=20, n_listed=6, n_targets=30)
    gain = fit_expected_gain(train, order, parameters, feedback=MOVIELENS.feedback)
    assert gain.worth.shape == (20,)
    assert (gain.worth > 0).all()
    least_listed = np.sort(gain.worth)[::-1][5]
    by_popularity = least_listed * gain.knowledge.mean / gain.knowledge.mean.max()
    assert np.isclose(gain.worth, by_popularity).sum() >= 14
    assert (gain.worth >= by_popularity - 1e-12).all()


def test_worth_of_other_titles_is_refused() -> None:
    with pytest.raises(ShapeError, match="knowledge describes 4 titles"):
        ExpectedGain(np.ones(3), TWO_KINDS)
