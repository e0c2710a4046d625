"""Intervals: what theory says of them, people drawn with all their rows, seeds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.errors import ShapeError
from recsys_core.evaluation import bootstrap_means


def test_intervals_are_those_of_the_normal_theory_for_a_large_sample() -> None:
    rng = np.random.default_rng(1)
    values = rng.exponential(1.0, (3_000, 2))
    found = bootstrap_means(values, np.arange(3_000), n_samples=2_000)
    error = 1.96 * values.std(axis=0) / np.sqrt(3_000)
    assert found.mean == pytest.approx(values.mean(axis=0))
    assert found.ci_low == pytest.approx(values.mean(axis=0) - error, abs=0.1 * error.max())
    assert found.ci_high == pytest.approx(values.mean(axis=0) + error, abs=0.1 * error.max())
    assert found.n_users == 3_000


def test_nineteen_of_twenty_intervals_hold_the_true_mean() -> None:
    rng = np.random.default_rng(2)
    held = 0
    for trial in range(300):
        found = bootstrap_means(rng.normal(0.3, 0.2, (120, 1)), np.arange(120), n_samples=300, seed=trial)
        held += found.ci_low[0] <= 0.3 <= found.ci_high[0]
    assert 0.915 <= held / 300 <= 0.98


def test_one_person_in_many_rows_is_no_more_evidence_than_once() -> None:
    rng = np.random.default_rng(3)
    values, users = rng.random((60, 2)), np.arange(60)
    once = bootstrap_means(values, users)
    fivefold = bootstrap_means(np.tile(values, (5, 1)), np.tile(users, 5))
    assert fivefold.mean == pytest.approx(once.mean)
    assert fivefold.ci_low == pytest.approx(once.ci_low)
    assert fivefold.ci_high == pytest.approx(once.ci_high)
    assert fivefold.n_users == 60
    strangers = bootstrap_means(np.tile(values, (5, 1)), np.arange(300))
    assert (strangers.ci_high - strangers.ci_low < 0.6 * (once.ci_high - once.ci_low)).all()


@given(st.integers(2, 40), st.integers(0, 1000))
@settings(max_examples=25)
def test_it_is_what_drawing_people_one_by_one_gives(n_users: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    users = rng.permutation(np.repeat(np.arange(n_users), rng.integers(1, 4, n_users)))
    values = rng.random((len(users), 1))
    found = bootstrap_means(values, users, n_samples=50, seed=seed)
    drawn = np.random.default_rng(seed).integers(0, n_users, size=(50, n_users))
    means = [np.concatenate([values[users == person, 0] for person in people]).mean() for people in drawn]
    low, high = np.quantile(means, [0.025, 0.975])
    assert (found.ci_low[0], found.ci_high[0]) == pytest.approx((low, high))
    assert found.mean[0] == pytest.approx(values.mean())


@given(st.integers(1, 30), st.integers(0, 1000))
def test_the_mean_lies_in_the_range_and_a_constant_has_no_width(n_users: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.stack([rng.random(n_users), np.full(n_users, 0.25)], axis=1)
    found = bootstrap_means(values, np.arange(n_users), n_samples=40, seed=seed)
    assert values[:, 0].min() - 1e-9 <= found.ci_low[0] <= found.ci_high[0] <= values[:, 0].max() + 1e-9
    assert (found.ci_low[1], found.mean[1], found.ci_high[1]) == pytest.approx((0.25, 0.25, 0.25))


def test_a_paired_interval_is_narrower_than_two_single_ones() -> None:
    rng = np.random.default_rng(4)
    person = rng.random(200)
    better, worse = person + rng.normal(0.02, 0.02, 200), person + rng.normal(0, 0.02, 200)
    found = bootstrap_means(np.stack([better, worse, better - worse], axis=1), np.arange(200))
    width = found.ci_high - found.ci_low
    assert width[2] < 0.2 * width[0]
    assert found.ci_low[2] > 0
    assert found.mean[2] == pytest.approx(found.mean[0] - found.mean[1])


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    values, users = np.random.default_rng(5).random((50, 1)), np.arange(50)
    one, again, other = (bootstrap_means(values, users, seed=seed) for seed in (1, 1, 2))
    assert one.ci_low.tobytes() == again.ci_low.tobytes()
    assert one.ci_low != other.ci_low


def test_many_users_are_drawn_in_blocks_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    values, users = np.random.default_rng(6).random((50, 3)), np.arange(50)
    whole = bootstrap_means(values, users, n_samples=101)
    monkeypatch.setattr("recsys_core.evaluation.bootstrap._CELLS", 700)
    blocks = bootstrap_means(values, users, n_samples=101)
    assert blocks.ci_low == pytest.approx(whole.ci_low)
    assert blocks.ci_high == pytest.approx(whole.ci_high)


def test_nobody_and_other_shapes_are_refused() -> None:
    with pytest.raises(ShapeError, match="no users"):
        bootstrap_means(np.zeros((0, 1)), np.zeros(0, dtype=np.int64))
    with pytest.raises(ShapeError, match=r"values have shape \(3, 1\), expected \(2, n_series\)"):
        bootstrap_means(np.zeros((3, 1)), np.arange(2))
