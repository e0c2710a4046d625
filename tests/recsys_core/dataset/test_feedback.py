"""What ratings, counts and events say: shares, strengths, dislikes, and scales that make no sense."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.dataset.feedback import Feedback
from recsys_core.errors import ParameterError

STARS, FROM_NOUGHT = Feedback(0.5, 5.0, 0.5), Feedback(0.0, 10.0, 1.0)
PLAYS = Feedback(0.0, 100.0, 1.0, "counts")
EVENTS = Feedback.events()
ALL = {"stars": STARS, "0-10": FROM_NOUGHT, "plays": PLAYS, "clicks": EVENTS}
KINDS = pytest.mark.parametrize("feedback", ALL.values(), ids=ALL)


def test_a_rating_is_a_share_of_the_best_one_and_speaks_for_or_against_around_the_middle() -> None:
    assert STARS.values == (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)
    assert STARS.middle == 2.75
    values = np.float32([0.5, 2.5, 3.0, 5.0])
    np.testing.assert_allclose(STARS.shares(values), [0.1, 0.5, 0.6, 1.0], rtol=1e-6)
    np.testing.assert_allclose(STARS.strengths(values), [-1, -1 / 9, 1 / 9, 1], rtol=1e-6)
    np.testing.assert_allclose(STARS.strengths(values, dislike=0.2), [-0.2, -0.2 / 9, 1 / 9, 1], rtol=1e-6)
    assert STARS.disliked(values).tolist() == [True, True, False, False]


def test_on_a_scale_from_nought_a_rating_of_nought_is_the_strongest_dislike() -> None:
    values = np.float32([0, 5, 10])
    np.testing.assert_array_equal(FROM_NOUGHT.strengths(values), [-1, 0, 1])
    assert FROM_NOUGHT.disliked(values).tolist() == [True, False, False]
    np.testing.assert_array_equal(FROM_NOUGHT.shares(values), [0, 0.5, 1])


def test_a_scale_of_one_value_says_nothing_for_or_against() -> None:
    single = Feedback(3.0, 3.0, 1.0)
    assert single.values == (3.0,)
    np.testing.assert_array_equal(single.strengths(np.float32([3])), [0])
    assert not single.disliked(np.float32([3])).any()


def test_counts_say_more_in_logarithms_and_never_speak_against() -> None:
    values = np.float32([0, 1, 9, 100, 5000])
    expected = np.log1p([0, 1, 9, 100, 100]) / np.log1p(100)
    np.testing.assert_allclose(PLAYS.shares(values), expected, rtol=1e-5)
    np.testing.assert_array_equal(PLAYS.strengths(values, dislike=3.0), PLAYS.shares(values))
    assert PLAYS.middle == 0
    assert not PLAYS.disliked(values).any()


@pytest.mark.parametrize("low", [-10.0, -1.0])
def test_a_scale_that_begins_below_0_says_as_much_as_one_that_begins_there(low: float) -> None:
    below, above = Feedback(low, -low, 0), Feedback(0, -2 * low, 0)
    values = np.linspace(low, -low, 9, dtype=np.float32)
    np.testing.assert_allclose(below.shares(values), above.shares(values - np.float32(low)), atol=1e-6)
    np.testing.assert_allclose(below.strengths(values), above.strengths(values - np.float32(low)), atol=1e-6)
    assert below.shares(np.float32([low, 0, -low])).tolist() == [0, 0.5, 1]


def test_next_to_the_middle_a_rating_says_nothing() -> None:
    scale = Feedback(0.5, 5, 0)
    near, far = np.float32([2.75, 2.7500005, 2.7499, 2.77]), np.float32([2.8, 2.7])
    assert scale.strengths(near).tolist() == [0, 0, 0, 0]
    assert np.abs(scale.strengths(far)).min() > 0.02
    assert Feedback(0, 100, 1).strengths(np.float32([51])) > 0, "a step of a scale of a hundred says something"


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ((1, 5, -1), "steps of -1: expected numbers, and a step of at least 0"),
        ((1, 5, float("nan")), "expected numbers"),
        ((float("-inf"), 5, 1), "expected numbers"),
        ((1, 5, 3), "1 to 5 in steps of 3: 5 is not on its steps"),
        ((0, 1, 1e-6), "has 1,000,000 steps: expected at most 1,000; give a step of 0"),
    ],
)
def test_scales_that_cannot_be_are_refused(said: tuple[float, float, float], wrong: str) -> None:
    with pytest.raises(ParameterError, match=wrong):
        Feedback(*said)


def test_one_outlier_among_the_counts_does_not_become_the_scale() -> None:
    values = np.concatenate([np.arange(1, 1000), [10**7]]).astype(np.float32)
    found = Feedback.counts(values)
    assert found.kind == "counts"
    assert 980 <= found.maximum <= 999
    assert found.shares(np.float32([999]))[0] > 0.99
    assert Feedback.counts(np.float32([0.01, 0.02])).maximum == np.float32(0.01), "weights may all be small"
    assert Feedback.counts(np.float32([0, 0])).maximum == 1


@given(values=st.lists(st.floats(0.25, 10**6, width=32), min_size=1, max_size=50))
def test_the_scale_of_counts_is_one_of_them(values: list[float]) -> None:
    found = Feedback.counts(np.float32(values))
    assert found.maximum in values
    assert (np.float32(values) > found.maximum).mean() <= 0.01 + 1 / len(values)


def test_of_an_event_all_that_is_known_is_that_it_happened() -> None:
    values = np.float32([1, 0.2, 400])
    np.testing.assert_array_equal(EVENTS.shares(values), 1)
    np.testing.assert_array_equal(EVENTS.strengths(values), 1)
    assert not EVENTS.disliked(values).any()


@KINDS
@given(values=st.lists(st.floats(0, 100, width=32), min_size=1, max_size=20))
def test_more_never_says_less_and_shares_are_float32(feedback: Feedback, values: list[float]) -> None:
    ordered = np.sort(np.float32(values))
    ordered = np.clip(ordered, feedback.minimum, feedback.maximum) if feedback.kind == "ratings" else ordered
    for found in (feedback.shares(ordered), feedback.strengths(ordered)):
        assert found.dtype == np.float32
        assert (np.diff(found) >= 0).all()
        assert np.abs(found).max() <= 1 + 1e-6
    assert feedback.shares(ordered).min() >= 0


@KINDS
def test_powers_of_the_shares_keep_zeros_and_leave_the_ratings_alone(feedback: Feedback) -> None:
    ratings = csr_matrix((np.float32([4, 0, 1]), [2, 0, 1], [0, 1, 3]), shape=(2, 3))
    found = feedback.powers(ratings, 2.0)
    np.testing.assert_allclose(found.data, feedback.shares(ratings.data) ** 2, rtol=1e-6)
    assert found.nnz == 3
    assert ratings.data.tolist() == [4, 0, 1]
    np.testing.assert_array_equal(feedback.powers(ratings, 0.0).data, 1)


@pytest.mark.parametrize(
    ("feedback", "held", "others", "words"),
    [
        (STARS, [0.5, 4.5, 5.0], [0.0, 4.3, 5.5, -1.0], "0.5 to 5 in steps of 0.5"),
        (Feedback(-10.0, 10.0, 0.0), [-10.0, 0.0, 3.21], [-10.1, 11.0], "-10 to 10"),
        (PLAYS, [0.0, 7.0, 100.0, 4000.0], [-1.0, 2.5], "0 or more in steps of 1"),
        (EVENTS, [0.0, 1.0], [0.5, 2.0], "0 to 1 in steps of 1"),
    ],
)
def test_it_holds_its_scale_and_counts_beyond(
    feedback: Feedback, held: list[float], others: list[float], words: str
) -> None:
    assert all(map(feedback.holds, held))
    assert not any(map(feedback.holds, others))
    assert feedback.in_words == words


def test_nought_takes_a_count_or_an_event_back_and_is_a_rating_like_others() -> None:
    assert PLAYS.takes_back(0.0)
    assert EVENTS.takes_back(0.0)
    assert not PLAYS.takes_back(1.0)
    assert not FROM_NOUGHT.takes_back(0.0)


@KINDS
def test_it_survives_its_plain_form(feedback: Feedback) -> None:
    assert Feedback(**json.loads(json.dumps(feedback.as_dict()))) == feedback


@pytest.mark.parametrize(
    ("minimum", "maximum"), [(0.0, 0.0), (-5.0, -1.0), (4.0, 2.0), (0.0, float("inf")), (0.0, float("nan"))]
)
def test_a_scale_that_makes_no_sense_is_refused(minimum: float, maximum: float) -> None:
    with pytest.raises(
        ParameterError, match=rf"feedback from {minimum:g} to {maximum:g}: expected a maximum above 0, not below"
    ):
        Feedback(minimum, maximum, 0.5)
