"""An experiment's figures: by arm, each arm against the control, and what follows."""

import math
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from serving.events.store import EventStore
from serving.experiments.declaration import METRICS, Experiment, Metric
from serving.experiments.people import Census, People, census
from serving.experiments.sample_ratio import MISMATCH_BELOW, mismatch_p_value
from serving.experiments.sequences import MINIMUM_PEOPLE, difference, is_enough, ratio
from serving.experiments.verdict import Verdict, conclude, judge

__all__ = ["ArmReport", "Comparison", "ExperimentReport", "MetricReport", "report"]

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class ArmReport:
    """``n_people`` were exposed; all other counts are of the ``n_finished`` whose window is over."""

    arm: str
    model: str
    share: float
    n_people: int
    n_finished: int
    n_exposures: int
    n_impressions: int
    n_clicks: int
    n_ratings: int
    n_people_who_rated: int
    click_through_rate: float | None
    rating_rate: float | None
    mean_rating: float | None


@dataclass(frozen=True, slots=True)
class MetricReport:
    """Treatment minus control and its confidence sequence now; None where there is too little to say."""

    metric: Metric
    difference: float | None
    low: float | None
    high: float | None

    @property
    def sign(self) -> int:
        """1: the interval lies above 0; -1: below; 0: neither, or there is none."""
        if self.low is None or self.high is None:
            return 0
        return int(self.low > 0) - int(self.high < 0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One arm against the control."""

    arm: str
    control: str
    metrics: tuple[MetricReport, ...]
    verdict: Verdict
    why: str


@dataclass(frozen=True, slots=True)
class ExperimentReport:
    """``confidence`` holds for all intervals of the report and all looks together."""

    experiment: str
    at: datetime
    metric: Metric
    window_hours: float
    control: str
    arms: tuple[ArmReport, ...]
    comparisons: tuple[Comparison, ...]
    sample_ratio_p_value: float
    n_people_in_several_arms: int
    n_people_in_undeclared_arms: int
    confidence: float
    verdict: Verdict
    why: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold."""
        return {**asdict(self), "at": self.at.isoformat()}


def report(experiment: Experiment, store: EventStore, *, now: datetime) -> ExperimentReport:
    """Everything that the stored events say about ``experiment`` at ``now``.

    May be asked as often as one likes: the intervals and the test of the sample ratio hold at all looks together.
    """
    people = census(
        experiment,
        store.outcomes(experiment.name, experiment.window, starts=experiment.starts, ends=experiment.ends),
        now=now,
    )
    p_value = float(
        mismatch_p_value(
            [people.n_exposed[arm.name] for arm in experiment.arms], [arm.share for arm in experiment.arms]
        )
    )
    comparisons = tuple(
        _compare(experiment, arm.name, people) for arm in experiment.arms if arm.name != experiment.control
    )
    verdict, why = conclude(
        [(comparison.arm, comparison.verdict, comparison.why) for comparison in comparisons],
        mismatch=_mismatch(experiment, people, p_value) if p_value < MISMATCH_BELOW else None,
    )
    return ExperimentReport(
        experiment=experiment.name,
        at=now,
        metric=experiment.metric,
        window_hours=experiment.window_hours,
        control=experiment.control,
        arms=tuple(_arm_report(experiment, arm.name, people) for arm in experiment.arms),
        comparisons=comparisons,
        sample_ratio_p_value=p_value,
        n_people_in_several_arms=people.n_in_several_arms,
        n_people_in_undeclared_arms=people.n_in_undeclared_arms,
        confidence=1 - ALPHA,
        verdict=verdict,
        why=why,
    )


def _arm_report(experiment: Experiment, name: str, people: Census) -> ArmReport:
    arm, finished = experiment.arm(name), people.finished[name]
    return ArmReport(
        arm=name,
        model=arm.model,
        share=arm.share,
        n_people=people.n_exposed[name],
        n_finished=len(finished),
        n_exposures=int(finished.n_exposures.sum()),
        n_impressions=int(finished.n_impressions.sum()),
        n_clicks=int(finished.n_clicks.sum()),
        n_ratings=int(finished.n_ratings.sum()),
        n_people_who_rated=int((finished.n_ratings > 0).sum()),
        click_through_rate=_value(finished, "click_through_rate"),
        rating_rate=_value(finished, "rating_rate"),
        mean_rating=_value(finished, "mean_rating"),
    )


def _value(finished: People, metric: Metric) -> float | None:
    return _or_none(float(ratio(finished.moments(metric))[0]))


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _compare(experiment: Experiment, name: str, people: Census) -> Comparison:
    treatment, control = people.finished[name], people.finished[experiment.control]
    # Bonferroni: the report shows so many intervals, and any of them may catch the eye.
    alpha = ALPHA / (len(METRICS) * (len(experiment.arms) - 1))
    metrics = tuple(
        _difference(metric, treatment, control, alpha=alpha, tightest_at=experiment.expected_people)
        for metric in METRICS
    )
    verdict, why = judge(
        experiment,
        {found.metric: found for found in metrics},
        arm=name,
        n_finished=(len(treatment), len(control)),
        n_exposed=(people.n_exposed[name], people.n_exposed[experiment.control]),
        minimum_people=MINIMUM_PEOPLE,
    )
    return Comparison(name, experiment.control, metrics, verdict, why)


def _difference(
    metric: Metric, treatment: People, control: People, *, alpha: float, tightest_at: float
) -> MetricReport:
    found = difference(treatment.moments(metric), control.moments(metric), alpha=alpha, tightest_at=tightest_at)
    value, low, high = (_or_none(float(number)) for number in found)
    n_contributing = treatment.n_contributing(metric) + control.n_contributing(metric)
    # of no width: nobody differs from anybody, which says how little is known and not how much
    if low == high or not is_enough(len(treatment), len(control), n_contributing):
        low = high = None
    return MetricReport(metric, value, low, high)


def _mismatch(experiment: Experiment, people: Census, p_value: float) -> str:
    total = sum(people.n_exposed.values())
    found = ", ".join(
        f"{arm.name} {people.n_exposed[arm.name]:,} of {total:,} ({arm.share:.1%} declared)" for arm in experiment.arms
    )
    return (
        f"do not trust any figure: the arms are not as full as declared (p = {p_value:.2g}): {found}. "
        "Look for answers that failed or were not recorded in one arm, for people seen in several arms, and for "
        "shares that were changed while the experiment ran"
    )
