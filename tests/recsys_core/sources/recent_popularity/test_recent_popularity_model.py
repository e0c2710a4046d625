"""Popularity near a person's time: the contract, sums over ratings one by one, and who has which moment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import UserItemMatrix, build_user_items
from recsys_core.errors import ShapeError
from recsys_core.histories import Histories
from recsys_core.sources.recent_popularity import (
    KIND,
    RecentPopularityModel,
    RecentPopularityParameters,
    fit_recent_popularity,
)
from recsys_core.testing.source_contract import SourceContract

YEAR = 31_557_600
SCALE = MOVIELENS.feedback
SMALL = RecentPopularityParameters(half_life=1.5, floor=0.2, step=0.5)


class TestRecentPopularityKeepsTheSourceContract(SourceContract):
    kind = KIND
    parameters = SMALL


def rated(item_nums: list[int], years: list[float], values: float | list[float] = 5.0) -> UserItemMatrix:
    """One person's rating for each of ``item_nums``, so many years after the first moment."""
    times = 1_000_000_000 + (np.asarray(years) * YEAR).astype(np.int64)
    return build_user_items(np.arange(len(times)), np.asarray(item_nums) + 1, np.full(len(times), values), times)


@given(
    ratings=st.lists(st.tuples(st.integers(0, 3), st.floats(0, 9)), min_size=1, max_size=30),
    half_life=st.sampled_from([0.5, 2.0]),
    floor=st.sampled_from([0.0, 0.3]),
    step=st.sampled_from([0.4, 1.0, 3.0]),
)
def test_each_moment_sums_over_all_ratings_those_of_both_sides_alike(
    ratings: list[tuple[int, float]], half_life: float, floor: float, step: float
) -> None:
    train = rated(*map(list, zip(*ratings, strict=True)))  # type: ignore[arg-type]
    model = fit_recent_popularity(
        train, RecentPopularityParameters(half_life=half_life, floor=floor, step=step), feedback=SCALE
    )
    newest = int(train.timestamps.max())
    n_moments = len(model.times)
    np.testing.assert_allclose(newest - model.times, np.arange(n_moments)[::-1] * step * YEAR, atol=1)
    assert model.times[0] >= train.timestamps.min() > model.times[0] - step * YEAR - 1
    expected = np.zeros(model.item_side.shape)
    for item_num, time in zip(train.ratings.indices, train.timestamps, strict=True):
        steps_ago = min(int((newest - time) / (step * YEAR) + 0.5), n_moments - 1)
        for moment in range(n_moments):
            apart = abs((n_moments - 1 - moment) - steps_ago)
            expected[moment, item_num] += 0.5 ** (apart * step / half_life) + floor
    np.testing.assert_allclose(model.item_side, np.log1p(expected), rtol=1e-5)


def test_at_the_last_moment_there_is_nothing_but_the_past() -> None:
    model = fit_recent_popularity(
        rated([0, 1, 2], [0, 2, 4]), RecentPopularityParameters(half_life=2, floor=0, step=2), feedback=SCALE
    )
    np.testing.assert_allclose(np.expm1(model.item_side), [[1, 0.5, 0.25], [0.5, 1, 0.5], [0.25, 0.5, 1]], rtol=1e-6)


@pytest.mark.parametrize(("power", "expected"), [(0.0, [1, 1]), (1.0, [1, 0.6]), (2.0, [1, 0.36])])
def test_a_rating_counts_by_what_it_says(power: float, expected: list[float]) -> None:
    parameters = RecentPopularityParameters(rating_power=power, floor=0)
    model = fit_recent_popularity(rated([0, 1], [0, 0], [5.0, 3.0]), parameters, feedback=SCALE)
    np.testing.assert_allclose(np.expm1(model.item_side), [expected], rtol=1e-6)
    clicks = fit_recent_popularity(rated([0, 1], [0, 0], [5.0, 3.0]), parameters, feedback=Feedback.events())
    np.testing.assert_allclose(np.expm1(clicks.item_side), [[1, 1]], rtol=1e-6)


def test_people_have_the_moment_nearest_to_their_newest_rating() -> None:
    model = fit_recent_popularity(rated([0, 1, 2], [0, 2, 4]), RecentPopularityParameters(step=2.0), feedback=SCALE)
    ratings = csr_matrix(np.float32([[5, 4, 0], [5, 0, 0], [5, 0, 0], [5, 0, 0], [0, 0, 0]]))
    first = int(model.times[0])
    times = first + (np.array([0.2, 0.9, 1.1, -50, 99]) * YEAR).astype(np.int64)
    found = model.score(Histories(ratings, times))
    np.testing.assert_array_equal(found, model.item_side[[0, 1, 0, 2, 2]])


def test_somebody_of_an_unknown_time_has_the_last_moment() -> None:
    model = fit_recent_popularity(rated([0, 1, 2], [0, 2, 4]), SMALL, feedback=SCALE)
    np.testing.assert_array_equal(model.score(csr_matrix(np.float32([[5, 4, 0]])))[0], model.item_side[-1])


def test_without_a_rating_there_is_one_moment_at_which_nothing_is_popular() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    train = UserItemMatrix(csr_matrix((0, 2), dtype=np.float32), nothing, nothing, np.array([1, 2]))
    assert fit_recent_popularity(train, SMALL, feedback=SCALE).item_side.tolist() == [[0, 0]]


def test_arrays_of_different_shapes_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"item_side has shape \(2, 3\), there are 1 times and 3 item_ids"):
        RecentPopularityModel(np.arange(3), np.zeros((2, 3), dtype=np.float32), np.array([7]), SMALL)


@pytest.mark.parametrize(("days", "half_life"), [(16.0, 4.0), (0.5, 0.125), (40 * 365.25, 365.25)])
def test_of_some_days_a_half_life_that_is_not_given_is_a_quarter(days: float, half_life: float) -> None:
    """By years all would be of one time."""
    train = rated([0, 1, 2], [0, days / 2 / 365.25, days / 365.25])
    model = fit_recent_popularity(train, RecentPopularityParameters(floor=0), feedback=SCALE)
    assert len(model.times) == (5 if days < 365 else 41)
    apart = days / half_life
    np.testing.assert_allclose(np.expm1(model.item_side[-1]), [0.5**apart, 0.5 ** (apart / 2), 1], rtol=1e-3, atol=1e-7)


def test_without_times_there_is_one_moment() -> None:
    model = fit_recent_popularity(rated([0, 1], [0, 0]), RecentPopularityParameters(floor=0), feedback=SCALE)
    np.testing.assert_allclose(np.expm1(model.item_side), [[1, 1]], rtol=1e-6)


@given(first=st.integers(-(10**9), 10**9), seconds=st.integers(100, 10**8))
def test_of_less_than_four_years_there_are_five_moments_whenever_they_were(first: int, seconds: int) -> None:
    """From the first rating to the last, also before 1970."""
    train = build_user_items(np.arange(2), np.arange(2) + 1, np.full(2, 5.0), np.array([first, first + seconds]))
    times = fit_recent_popularity(train, RecentPopularityParameters(), feedback=SCALE).times
    assert (len(times), times[-1]) == (5, first + seconds)
    assert abs(int(times[0]) - first) <= 1
