"""Experiments on people who do not exist: how often an interval misleads somebody who looks all the time."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from serving.experiments.sequences import Moments, critical_value, difference, is_enough

__all__ = ["Scenario", "Seen", "look_at_all_times"]

Floats = NDArray[np.float64]
_PEOPLE_AT_ONCE = 800_000
"""Few enough for a few hundred megabytes."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Who comes and what they do. ``treatment_gain`` multiplies the treatment's rate (or adds to its mean rating)."""

    outcome: Literal["rate", "clicks", "ratings"]
    """rate: rated or not; clicks: of impressions, both very uneven between people; ratings: of the few who rate."""
    level: float
    """The control's rate, or for ratings the share of people who rate."""
    share: float = 0.5
    """Of the treatment."""
    treatment_gain: float = 1.0
    n_people: int = 4_000

    def draw(self, n_experiments: int, rng: np.random.Generator) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Numerators, denominators and who is treated: (n_experiments, n_people), in the order of arrival."""
        shape = (n_experiments, self.n_people)
        treated = rng.random(shape) < self.share
        gain = np.where(treated, self.treatment_gain, 1.0)
        if self.outcome == "rate":
            return (rng.random(shape) < self.level * gain).astype(np.float64), np.ones(shape), treated
        if self.outcome == "clicks":
            shown = rng.poisson(rng.gamma(1.0, 20.0, shape))
            habit = rng.beta(0.5, 0.5 / self.level - 0.5, shape)
            return (
                rng.binomial(shown, np.minimum(habit * gain, 1)).astype(np.float64),
                shown.astype(np.float64),
                treated,
            )
        n_ratings = (rng.random(shape) < self.level) * (1 + rng.poisson(3.0, shape))
        taste = rng.normal(3.5, 0.7, shape) + (gain - 1)
        return n_ratings * taste, n_ratings.astype(np.float64), treated


@dataclass(frozen=True, slots=True)
class Seen:
    """For each experiment, whether an interval ever excluded the truth or 0; arrays of shape (n_experiments,)."""

    sequence_missed_truth: NDArray[np.bool_]
    naive_missed_truth: NDArray[np.bool_]
    sequence_excluded_zero: NDArray[np.bool_]
    people_until_zero_was_excluded: Floats
    """NaN where it never was."""


def look_at_all_times(
    scenario: Scenario,
    *,
    n_experiments: int,
    seed: int,
    alpha: float = 0.05,
    tightest_at: float = 2_000,
    every: int = 20,
    truth: float = 0.0,
) -> Seen:
    """Look after every ``every`` people, from the first look that the report would give an interval to.

    ``truth`` is the difference of the two arms' rates; 0 without an effect. The naive interval is the usual one, for
    a single look, with the same standard error.
    """
    rng = np.random.default_rng(seed)
    looks = np.arange(every - 1, scenario.n_people, every)
    found = []
    at_once = max(1, _PEOPLE_AT_ONCE // scenario.n_people)
    for start in range(0, n_experiments, at_once):
        x, y, treated = scenario.draw(min(at_once, n_experiments - start), rng)
        found.append(_look(x, y, treated, looks, alpha=alpha, tightest_at=tightest_at, truth=truth))
    columns = (np.concatenate(column) for column in zip(*found, strict=True))
    return Seen(*columns)


def _look(
    x: Floats,
    y: Floats,
    treated: NDArray[np.bool_],
    looks: NDArray[np.int64],
    *,
    alpha: float,
    tightest_at: float,
    truth: float,
) -> tuple[NDArray[Any], ...]:
    treatment = Moments.running(x, y, treated).at(looks)
    control = Moments.running(x, y, ~treated).at(looks)
    value, low, high = difference(treatment, control, alpha=alpha, tightest_at=tightest_at)
    spread = (high - value) / critical_value(treatment.n + control.n, alpha=alpha, tightest_at=tightest_at)
    n_contributing = (x != 0).cumsum(axis=-1)[..., looks]
    enough = is_enough(treatment.n, control.n, n_contributing)
    missed = enough & ((low > truth) | (high < truth))
    naive = enough & (np.abs(value - truth) > norm.isf(alpha / 2) * spread)
    excluded = enough & ((low > 0) | (high < 0))
    first = np.where(excluded.any(axis=-1), looks[excluded.argmax(axis=-1)] + 1.0, np.nan)
    ever = (np.asarray(each.any(axis=-1)) for each in (missed, naive, excluded))
    return (*ever, first)
