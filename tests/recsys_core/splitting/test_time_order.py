"""The order in which people rated: by time, and where times say nothing, not by the items' numbers."""

import numpy as np
import pytest

from recsys_core.dataset.interactions import UserItemMatrix, build_user_items
from recsys_core.splitting.time_order import earliest

DAY = 86_400
N_USERS, N_ITEMS = 200, 30


def everything(times: np.ndarray) -> UserItemMatrix:
    """Everybody has rated everything, at ``times`` (N_USERS, N_ITEMS)."""
    users, items = np.divmod(np.arange(N_USERS * N_ITEMS), N_ITEMS)
    return build_user_items(users + 1, items + 1, np.full(len(users), 4.0), times.ravel())


def first(rows: UserItemMatrix, n: int) -> np.ndarray:
    """Which items are among the first ``n`` of each user: bool of shape (N_USERS, N_ITEMS)."""
    return earliest(rows, np.full(rows.n_users, n)).reshape(N_USERS, N_ITEMS)


def test_the_first_are_those_of_the_earliest_times_and_of_one_second_the_smaller_numbers() -> None:
    times = np.random.default_rng(0).integers(1_000_000_000, 1_000_000_010, (N_USERS, N_ITEMS))
    expected = np.argsort(times, axis=1, kind="stable")[:, :5]
    found = first(everything(times), 5)
    assert found.sum(axis=1).tolist() == [5] * N_USERS
    assert np.take_along_axis(found, expected, axis=1).all()


@pytest.mark.parametrize("moment", [0, 12_000 * DAY], ids=["no times", "one day"])
def test_where_times_say_nothing_nobody_begins_with_the_smallest_numbers_by_rule(moment: int) -> None:
    found = first(everything(np.full((N_USERS, N_ITEMS), moment)), 3)
    assert found.sum(axis=1).tolist() == [3] * N_USERS
    by_item = found.mean(axis=0)
    assert by_item.min() > 0.02
    assert by_item.max() < 0.25  # each is expected in a tenth


def test_days_come_one_after_the_other() -> None:
    days = np.random.default_rng(1).integers(12_000, 12_004, (N_USERS, N_ITEMS))
    found = first(everything(days * DAY), 10)
    last = np.where(found, days, 0).max(axis=1)
    assert (np.where(found, 99_999, days).min(axis=1) >= last).all()


def test_a_time_of_somebody_else_changes_nothing() -> None:
    times = np.full((N_USERS, N_ITEMS), 12_000 * DAY)
    alike = first(everything(times), 3)
    times[0] = np.arange(N_ITEMS) + 5
    np.testing.assert_array_equal(first(everything(times), 3)[1:], alike[1:])
