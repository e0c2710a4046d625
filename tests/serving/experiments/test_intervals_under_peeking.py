"""The intervals hold for somebody who looks all the time; the usual ones do not, and real effects are found."""

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from serving.experiments.sample_ratio import mismatch_p_value
from serving.experiments.sequences import Moments, critical_value, difference, is_enough, mixture_rho2, ratio
from serving.experiments.simulation import Scenario, Seen, look_at_all_times

N_EXPERIMENTS = 500
TOLERANCE = 3 * math.sqrt(0.05 * 0.95 / N_EXPERIMENTS)


@cache
def looked_at(scenario: Scenario) -> Seen:
    return look_at_all_times(scenario, n_experiments=N_EXPERIMENTS, seed=11)


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario("rate", 0.3),
        Scenario("rate", 0.1, share=0.2),
        Scenario("clicks", 0.05),
        Scenario("clicks", 0.05, share=0.2),
        Scenario("ratings", 0.15),
    ],
    ids=str,
)
def test_without_a_difference_at_most_one_in_twenty_ever_shows_one(scenario: Scenario) -> None:
    seen = looked_at(scenario)

    assert seen.sequence_missed_truth.mean() <= 0.05 + TOLERANCE


@pytest.mark.parametrize("scenario", [Scenario("rate", 0.3), Scenario("clicks", 0.05)], ids=str)
def test_the_usual_interval_misleads_whoever_looks_often(scenario: Scenario) -> None:
    """So the test above can fail."""
    seen = looked_at(scenario)

    assert seen.naive_missed_truth.mean() > 0.2


def test_a_real_difference_is_found_and_its_size_covered() -> None:
    scenario = Scenario("rate", 0.2, treatment_gain=1.4)
    seen = look_at_all_times(scenario, n_experiments=N_EXPERIMENTS, seed=3, truth=0.08)

    assert seen.sequence_excluded_zero.mean() > 0.95
    assert seen.sequence_missed_truth.mean() <= 0.05 + TOLERANCE
    assert np.nanmedian(seen.people_until_zero_was_excluded) < 2_500


def test_a_test_of_the_sample_ratio_may_be_looked_at_after_every_person() -> None:
    rng = np.random.default_rng(5)
    shares = (0.5, 0.3, 0.2)
    arms = rng.choice(3, size=(1_000, 1_500), p=shares)
    counts = np.stack([(arms == arm).cumsum(axis=-1) for arm in range(3)], axis=-1)

    smallest = mismatch_p_value(counts, shares).min(axis=-1)

    for level in (0.1, 0.01):
        assert (smallest < level).mean() <= level + 3 * math.sqrt(level / 1_000)
    assert (smallest < 0.1).mean() > 0.005, "it is not merely never below"


@pytest.mark.parametrize(("counts", "is_found"), [((500, 500), False), ((5_300, 4_700), True), ((0, 0), False)])
def test_a_lost_share_of_one_arm_is_found(counts: tuple[int, int], is_found: bool) -> None:
    assert (mismatch_p_value(counts, (0.5, 0.5)) < 0.001) == is_found


def test_the_sample_ratio_test_in_one_case_by_hand() -> None:
    """One person in an arm of ½ is exactly what is expected; of (1, 1) the mixture gives 50/101 to the second arm."""
    assert mismatch_p_value((1, 0), (0.5, 0.5)) == pytest.approx(1)
    # after (2, 0): Bayes factor (½ · 51/101) / ¼ = 102/101
    assert mismatch_p_value((2, 0), (0.5, 0.5)) == pytest.approx(101 / 102)


def test_the_critical_value_is_that_of_the_paper() -> None:
    """Waudby-Smith et al. (2024): margin √(2(nρ²+1)/(n²ρ²) · log(√(nρ²+1)/α)) for unit variance."""
    n, alpha, rho2 = 731, 0.05 / 3, mixture_rho2(0.05 / 3, 2_000)

    margin = math.sqrt(2 * (n * rho2 + 1) / (n**2 * rho2) * math.log(math.sqrt(n * rho2 + 1) / alpha))

    assert critical_value(n, alpha=alpha, tightest_at=2_000) / math.sqrt(n) == pytest.approx(margin)


@pytest.mark.parametrize("alpha", [0.05, 0.01])
@pytest.mark.parametrize("people", [500, 20_000])
def test_no_other_parameter_is_narrower_where_it_is_to_be_narrowest(alpha: float, people: int) -> None:
    def width(log_rho2: float) -> float:
        n_rho2 = people * math.exp(log_rho2)
        return math.sqrt((1 + 1 / n_rho2) * math.log((n_rho2 + 1) / alpha**2))

    best = minimize_scalar(width, bounds=(-20, 5), method="bounded").fun

    assert critical_value(people, alpha=alpha, tightest_at=people) == pytest.approx(best, rel=1e-6)


@given(n=st.integers(1, 10**7), alpha=st.floats(0.0005, 0.2))
def test_a_sequence_is_always_wider_than_a_single_look(n: int, alpha: float) -> None:
    assert critical_value(n, alpha=alpha, tightest_at=2_000) > norm.isf(alpha / 2)


def test_a_mean_and_its_variance_are_the_usual_ones() -> None:
    x = np.array([0.0, 1, 1, 0, 1, 4])

    value, variance = ratio(Moments.of(x, 1))

    assert value == pytest.approx(x.mean())
    assert variance == pytest.approx(x.var(ddof=1))


def test_a_ratio_weighs_people_by_their_denominator_and_its_variance_is_of_people() -> None:
    """Checked by resampling people. Taking events for independent would give half the standard error here."""
    rng = np.random.default_rng(2)
    shown = rng.poisson(rng.gamma(1.0, 20.0, 3_000)).astype(float)
    clicks = rng.binomial(shown.astype(int), rng.beta(0.5, 9.5, 3_000)).astype(float)

    value, variance = ratio(Moments.of(clicks, shown))

    drawn = rng.integers(0, 3_000, (1_000, 3_000))
    resampled = clicks[drawn].sum(axis=1) / shown[drawn].sum(axis=1)
    assert value == pytest.approx(clicks.sum() / shown.sum())
    assert math.sqrt(variance / 3_000) == pytest.approx(resampled.std(), rel=0.1)
    assert math.sqrt(variance / 3_000) > 2 * math.sqrt(value * (1 - value) / shown.sum())


def test_running_sums_equal_sums_at_each_time() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.random((2, 5, 40))
    here = rng.random((5, 40)) < 0.5

    at_once = Moments.running(x, y, here).at([9, 39])

    for place, n in enumerate([10, 40]):
        for row in range(5):
            kept = here[row, :n]
            alone = Moments.of(x[row, :n][kept], y[row, :n][kept])
            for name in Moments.__slots__:
                assert getattr(at_once, name)[row, place] == pytest.approx(float(getattr(alone, name)))


def test_a_difference_turned_round_changes_its_sign() -> None:
    rng = np.random.default_rng(6)
    one, other = (Moments.of(rng.random(n) < 0.3, 1) for n in (200, 300))

    value, low, high = difference(one, other, alpha=0.05, tightest_at=1_000)
    turned, turned_low, turned_high = difference(other, one, alpha=0.05, tightest_at=1_000)

    assert (turned, turned_low, turned_high) == pytest.approx((-value, -high, -low))
    assert low < value < high


@pytest.mark.parametrize(
    ("n_treatment", "n_control", "n_contributing", "enough"),
    [
        (100, 100, 100, True),
        (99, 1_000, 1_000, False),  # too few people
        (1_000, 1_000, 99, False),  # too few who did anything
        (100, 900, 499, False),  # of whom the smaller arm may expect 49.9
        (100, 900, 500, True),
        (0, 0, 0, False),
    ],
)
def test_when_there_is_enough_for_an_interval(
    n_treatment: int, n_control: int, n_contributing: int, enough: bool
) -> None:
    assert is_enough(n_treatment, n_control, n_contributing) == enough
