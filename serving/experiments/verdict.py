"""What the figures say, in one word and in a sentence."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from serving.experiments.declaration import Experiment, Metric

__all__ = ["Verdict", "conclude", "judge"]


class Verdict(StrEnum):
    TREATMENT_BETTER = "TREATMENT_BETTER"
    """The deciding metric's interval lies above 0, and no other metric's below."""
    CONTROL_BETTER = "CONTROL_BETTER"
    """The deciding metric's interval lies below 0."""
    MIXED = "MIXED"
    """Better in the deciding metric, worse in another."""
    NO_DIFFERENCE_YET = "NO_DIFFERENCE_YET"
    """The deciding metric's interval holds 0: no difference, or too few people to see it."""
    TOO_FEW = "TOO_FEW"
    """Not enough people for an interval of the deciding metric."""
    SAMPLE_RATIO_MISMATCH = "SAMPLE_RATIO_MISMATCH"
    """The arms are not as full as declared: no figure is to be trusted."""


class Interval(Protocol):
    """What a judgement needs of a metric's report."""

    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...
    @property
    def sign(self) -> int: ...


def judge(
    experiment: Experiment,
    intervals: Mapping[Metric, Interval],
    *,
    arm: str,
    n_finished: tuple[int, int],
    n_exposed: tuple[int, int],
    minimum_people: int,
) -> tuple[Verdict, str]:
    """The verdict on one arm against the control, and why. Pairs are (arm, control)."""
    control, metric = experiment.control, experiment.metric
    deciding = intervals[metric]
    words = metric.replace("_", " ")
    if deciding.low is None or deciding.high is None:
        return Verdict.TOO_FEW, _too_few(experiment, arm, n_finished, n_exposed, minimum_people)
    span = f"{arm} − {control} lies between {deciding.low:+.4f} and {deciding.high:+.4f}"
    others = {name.replace("_", " "): found.sign for name, found in intervals.items() if name != metric and found.sign}
    worse, better = ([name for name, sign in others.items() if sign == wanted] for wanted in (-1, 1))
    aside = "".join(
        f"; {arm} is {what} in {' and '.join(names)}" for what, names in (("worse", worse), ("better", better)) if names
    )
    if deciding.sign > 0 and worse:
        return Verdict.MIXED, f"{arm} has the higher {words} ({span}) but is worse in {' and '.join(worse)}"
    if deciding.sign > 0:
        return Verdict.TREATMENT_BETTER, f"{arm} has the higher {words}: {span}{aside}"
    if deciding.sign < 0:
        return Verdict.CONTROL_BETTER, f"{arm} has the lower {words}: {span}{aside}"
    return Verdict.NO_DIFFERENCE_YET, f"no difference in {words} is shown yet: {span}{aside}"


def _too_few(
    experiment: Experiment,
    arm: str,
    n_finished: tuple[int, int],
    n_exposed: tuple[int, int],
    minimum_people: int,
) -> str:
    if min(n_finished) < minimum_people:
        seen = " and ".join(
            f"{name} has {finished:,} of {exposed:,}"
            for name, finished, exposed in zip((arm, experiment.control), n_finished, n_exposed, strict=True)
        )
        return (
            f"{seen} people whose {experiment.window_hours:g} hours after the first exposure are over; "
            f"{minimum_people} are needed in each arm"
        )
    did = "clicked" if experiment.metric == "click_through_rate" else "rated"
    return f"too few people in {arm} and {experiment.control} have {did} to give the difference an interval"


_GOOD = (Verdict.TREATMENT_BETTER, Verdict.MIXED)


def conclude(comparisons: Sequence[tuple[str, Verdict, str]], *, mismatch: str | None) -> tuple[Verdict, str]:
    """The verdict on the whole from those on each arm (name, verdict, why).

    A mismatch comes before all; then an arm that is better, then one that is better and worse; the control has won
    when every other arm has lost; and it is too early as long as that may still change.
    """
    if mismatch is not None:
        return Verdict.SAMPLE_RATIO_MISMATCH, mismatch
    found = [verdict for _, verdict, _ in comparisons]
    for wanted in _GOOD:
        if wanted in found:
            return wanted, "; ".join(why for _, verdict, why in comparisons if verdict in _GOOD)
    everything = "; ".join(why for _, _, why in comparisons)
    for wanted in (Verdict.CONTROL_BETTER, Verdict.TOO_FEW):
        if all(verdict is wanted for verdict in found):
            return wanted, everything
    return Verdict.NO_DIFFERENCE_YET, everything
