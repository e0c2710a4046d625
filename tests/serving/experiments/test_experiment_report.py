"""The report: who and what counts, figures worked by hand, and every verdict."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pytest

from serving.events import EventStore
from serving.experiments import Arm, Experiment, ExperimentReport, Verdict, report
from serving.experiments.sequences import critical_value

Add = Callable[..., None]


def reported(
    experiment: Experiment, store: EventStore, monday: datetime, *, hours: float = 24 * 30
) -> ExperimentReport:
    return report(experiment, store, now=monday + timedelta(hours=hours))


def test_counts_and_rates_by_arm(experiment: Experiment, store: EventStore, add: Add, monday: datetime) -> None:
    add(1, "old", shown=10, clicks=1)
    add(2, "old", shown=30, clicks=1, ratings=(3.0, 4.0, 5.0))
    add(3, "new", shown=5, clicks=2, ratings=(2.0,))

    old, new = reported(experiment, store, monday).arms

    assert (old.n_people, old.n_finished, old.n_exposures) == (2, 2, 2)
    assert (old.n_impressions, old.n_clicks, old.n_ratings, old.n_people_who_rated) == (40, 2, 3, 1)
    assert (old.click_through_rate, old.rating_rate, old.mean_rating) == (0.05, 0.5, 4.0)
    assert (new.click_through_rate, new.rating_rate, new.mean_rating) == (0.4, 1.0, 2.0)
    assert (old.model, new.model) == ("champion", "challenger")


def test_only_events_from_the_first_exposure_until_the_window_ends_count(
    experiment: Experiment, store: EventStore, add: Add, monday: datetime
) -> None:
    add(1, None, shown=9, clicks=9, ratings=(1.0,), at=-1)  # before
    add(1, "old", shown=4, clicks=1, at=0, later=0)  # at the very moment
    add(1, "old", shown=2, clicks=1, at=23)  # exposed again: the first exposure counts
    add(1, None, shown=9, clicks=9, ratings=(1.0,), at=24, later=0)  # after

    old, _ = reported(experiment, store, monday).arms

    assert (old.n_people, old.n_exposures, old.n_impressions, old.n_clicks, old.n_ratings) == (1, 2, 6, 2, 0)


def test_people_whose_window_is_not_over_are_waited_for(
    experiment: Experiment, store: EventStore, add: Add, monday: datetime
) -> None:
    add(1, "old", shown=5)
    add(2, "old", shown=7, at=2)

    old, _ = reported(experiment, store, monday, hours=25).arms

    assert (old.n_people, old.n_finished, old.n_impressions) == (2, 1, 5)


def test_people_seen_in_two_arms_or_in_an_undeclared_one_are_counted_and_left_out(
    experiment: Experiment, store: EventStore, add: Add, monday: datetime
) -> None:
    add(1, "old", shown=5)
    add(1, "new", shown=5, at=100)
    add(2, "renamed", shown=5)
    add(3, "new", shown=5)
    add(4, "old", shown=5, name="another experiment")

    found = reported(experiment, store, monday)

    assert [arm.n_people for arm in found.arms] == [0, 1]
    assert (found.n_people_in_several_arms, found.n_people_in_undeclared_arms) == (1, 1)


def test_exposures_before_the_start_and_after_the_end_make_nobody_part_of_it(
    experiment: Experiment, store: EventStore, add: Add, monday: datetime
) -> None:
    limited = experiment.model_copy(update={"starts": monday, "ends": monday + timedelta(hours=10)})
    add(1, "old", at=-1)
    add(2, "old", at=0)
    add(3, "old", shown=3, at=9, later=5)  # what follows an exposure counts, even after the end
    add(4, "old", at=10)
    add(5, "new", at=-1)
    add(5, "old", at=1)  # a trial run before the start does not make two arms

    found = reported(limited, store, monday)

    assert found.arms[0].n_people == 3
    assert found.arms[0].n_impressions == 3
    assert found.n_people_in_several_arms == 0


def fill(add: Add, n_people: int, *, clicks: dict[str, int], rated_by: dict[str, int] | None = None) -> None:
    """People in turn in each arm, 10 titles shown to each; every second one clicks, one in ``rated_by`` rates."""
    for user_id in range(n_people):
        arm = list(clicks)[user_id % len(clicks)]
        turn = user_id // len(clicks)
        every = (rated_by or {}).get(arm, 0)
        ratings = (3.0 + turn % 3,) if every and turn % every == 0 else ()
        add(user_id + 1, arm, shown=10, clicks=clicks[arm] * (turn % 2), ratings=ratings)


def test_an_interval_in_one_case_by_hand(experiment: Experiment, store: EventStore, add: Add, monday: datetime) -> None:
    """All are shown 10, so the rate is a mean of clicks / 10; 3 metrics, so each interval is at 0.05 / 3."""
    fill(add, 400, clicks={"old": 1, "new": 3})

    (comparison,) = reported(experiment, store, monday).comparisons
    rates = {arm: np.tile([0, clicks / 10], 100) for arm, clicks in {"old": 1, "new": 3}.items()}
    error = np.sqrt(sum(values.var(ddof=1) / 200 for values in rates.values()))
    margin = float(error * critical_value(400, alpha=0.05 / 3, tightest_at=2_000))

    clicks = comparison.metrics[0]
    assert clicks.difference == pytest.approx(0.1)
    assert (clicks.low, clicks.high) == pytest.approx((0.1 - margin, 0.1 + margin))
    assert (comparison.metrics[1].low, comparison.metrics[2].difference) == (None, None), "nobody rated"


def test_a_better_treatment(experiment: Experiment, store: EventStore, add: Add, monday: datetime) -> None:
    fill(add, 400, clicks={"old": 1, "new": 3})

    found = reported(experiment, store, monday)

    assert found.verdict is Verdict.TREATMENT_BETTER
    assert found.why.startswith("new has the higher click through rate: new − old lies between +0.0")


def test_a_better_control(experiment: Experiment, store: EventStore, add: Add, monday: datetime) -> None:
    fill(add, 400, clicks={"old": 3, "new": 1})

    assert reported(experiment, store, monday).verdict is Verdict.CONTROL_BETTER


def test_no_difference_yet(experiment: Experiment, store: EventStore, add: Add, monday: datetime) -> None:
    fill(add, 400, clicks={"old": 1, "new": 1})

    found = reported(experiment, store, monday)

    assert found.verdict is Verdict.NO_DIFFERENCE_YET
    assert "no difference in click through rate is shown yet: new − old lies between -0.0" in found.why


def test_better_in_what_decides_but_worse_elsewhere(
    experiment: Experiment, store: EventStore, add: Add, monday: datetime
) -> None:
    fill(add, 600, clicks={"old": 1, "new": 3}, rated_by={"old": 2, "new": 20})

    found = reported(experiment, store, monday)

    assert found.verdict is Verdict.MIXED
    assert found.why.endswith("but is worse in rating rate")


def test_the_declared_metric_decides(experiment: Experiment, store: EventStore, add: Add, monday: datetime) -> None:
    fill(add, 600, clicks={"old": 1, "new": 3}, rated_by={"old": 2, "new": 20})

    found = reported(experiment.model_copy(update={"metric": "rating_rate"}), store, monday)

    assert found.verdict is Verdict.CONTROL_BETTER
    assert found.why.endswith("new is better in click through rate")


def test_too_few_people(experiment: Experiment, store: EventStore, add: Add, monday: datetime) -> None:
    fill(add, 198, clicks={"old": 1, "new": 3})

    found = reported(experiment, store, monday)
    early = reported(experiment, store, monday, hours=1)

    assert found.verdict is early.verdict is Verdict.TOO_FEW
    assert "new has 99 of 99 and old has 99 of 99 people whose 24 hours after the first exposure are over" in found.why
    assert "new has 0 of 99" in early.why


def test_too_few_clicks(experiment: Experiment, store: EventStore, add: Add, monday: datetime) -> None:
    fill(add, 240, clicks={"old": 0, "new": 0})

    found = reported(experiment, store, monday)

    assert found.verdict is Verdict.TOO_FEW
    assert found.why == "too few people in new and old have clicked to give the difference an interval"


def test_figures_that_do_not_vary_get_no_interval(
    experiment: Experiment, store: EventStore, add: Add, monday: datetime
) -> None:
    for user_id in range(1, 301):
        add(user_id, ("old", "new")[user_id % 2], ratings=(4.0,))

    (comparison,) = reported(experiment, store, monday).comparisons

    assert [(each.low, each.high) for each in comparison.metrics] == [(None, None)] * 3


def test_an_arm_in_which_nobody_clicks_any_more_is_found(
    experiment: Experiment, store: EventStore, add: Add, monday: datetime
) -> None:
    fill(add, 600, clicks={"old": 2, "new": 0})

    assert reported(experiment, store, monday).verdict is Verdict.CONTROL_BETTER


def test_a_lost_part_of_one_arm_comes_before_every_other_verdict(
    experiment: Experiment, store: EventStore, add: Add, monday: datetime
) -> None:
    fill(add, 400, clicks={"old": 1, "new": 3})
    for user_id in range(1_000, 1_150):
        add(user_id, "old", shown=10, clicks=1)

    found = reported(experiment, store, monday)

    assert found.sample_ratio_p_value < 0.001
    assert found.verdict is Verdict.SAMPLE_RATIO_MISMATCH
    assert "do not trust any figure" in found.why
    assert "old 350 of 550 (50.0% declared), new 200 of 550" in found.why
    assert found.comparisons[0].verdict is Verdict.TREATMENT_BETTER, "still to be read, with that warning"


def test_several_treatments_share_the_risk_and_each_has_a_verdict(
    experiment: Experiment, store: EventStore, add: Add, monday: datetime
) -> None:
    arms = tuple(
        Arm(name=name, model="champion", share=share) for name, share in [("old", 0.4), ("a", 0.3), ("b", 0.3)]
    )
    three = Experiment(name="blend", arms=arms, control="old")
    fill(add, 900, clicks={"old": 2, "a": 4, "b": 2})

    found = reported(three, store, monday)

    assert [(each.arm, each.verdict) for each in found.comparisons] == [
        ("a", Verdict.TREATMENT_BETTER),
        ("b", Verdict.NO_DIFFERENCE_YET),
    ]
    assert found.verdict is Verdict.TREATMENT_BETTER
    assert "b" not in found.why.split("lies")[0]
    clicks = found.comparisons[1].metrics[0]
    error = np.sqrt(2 * np.tile([0, 0.2], 150).var(ddof=1) / 300)
    margin = float(error * critical_value(600, alpha=0.05 / 6, tightest_at=2_000))
    assert clicks.high == pytest.approx(margin)


def test_nobody_yet(experiment: Experiment, store: EventStore, monday: datetime) -> None:
    found = reported(experiment, store, monday)

    assert found.verdict is Verdict.TOO_FEW
    assert found.sample_ratio_p_value == 1
    assert [arm.click_through_rate for arm in found.arms] == [None, None]


def test_the_report_is_plain_json(experiment: Experiment, store: EventStore, add: Add, monday: datetime) -> None:
    fill(add, 240, clicks={"old": 1, "new": 3})

    document = json.loads(json.dumps(reported(experiment, store, monday).as_dict(), allow_nan=False))

    assert document["verdict"] == "TREATMENT_BETTER"
    assert document["comparisons"][0]["metrics"][2] == {
        "metric": "mean_rating",
        "difference": None,
        "low": None,
        "high": None,
    }
