"""Intervals that hold for a whole family of comparisons at once.

With forty comparisons, two of forty true zeros lie outside their own 95 % intervals. Here 95 % is the probability
that *all* intervals of the family hold: the single-step max-t bootstrap (Westfall & Young 1993, chapter 2; Romano &
Wolf 2005, doi:10.1111/j.1468-0262.2005.00615.x).

:func:`recsys_core.evaluation.bootstrap.bootstrap_means` resamples users; in every sample each series' deviation is
divided by its standard error *in that sample* (the studentised bootstrap; Davison & Hinkley 1997, section 5.2), and the
95 % quantile of the family's largest takes the place of 1.96. Unlike Bonferroni's it is small where the series are
alike, because all of them are resampled together. Divided by the standard error of the data instead, intervals are too
short where few users decide: a sample whose mean is far off has another spread, too.

No resampling makes up for people who are not there. A series in which fewer than ``MINIMUM_DIFFERING`` users have
another value than the commonest one is left out of the family, and has no interval (docs/decisions, 0015).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recsys_core.errors import ParameterError, ShapeError
from recsys_core.evaluation.bootstrap import bootstrap_weights

__all__ = ["MINIMUM_DIFFERING", "Series", "SimultaneousIntervals", "Verdict", "simultaneous_means", "verdict"]

MINIMUM_DIFFERING = 15
"""Users with a difference that a verdict takes."""
Verdict = Literal["win", "tie", "loss", "not judged"]
"""Of one model against another; "not judged" where too few users differ."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One comparison: a difference for each row, and the user of each row, both of shape (n_rows,).

    Series of one family may have different users; a user in several series is resampled in all of them together.
    """

    values: NDArray[np.float64]
    user_ids: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or self.values.shape != self.user_ids.shape:
            raise ShapeError(
                f"values have shape {self.values.shape}, user_ids {self.user_ids.shape}; expected (n_rows,)"
            )
        if len(self.values) == 0:
            raise ShapeError("a series has no users to average over; leave it out")


@dataclass(frozen=True, slots=True, eq=False)
class SimultaneousIntervals:
    """Means of the family's series with intervals, each ndarray of shape (n_series,).

    critical  how many standard errors an interval reaches to either side
    judged    bool; False for a series that was left out: its mean is told, its interval is NaN
    """

    mean: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    critical: float
    judged: NDArray[np.bool_]


def simultaneous_means(
    family: Sequence[Series], *, n_samples: int = 2_000, seed: int = 0, level: float = 0.95
) -> SimultaneousIntervals:
    """Means of the rows of each series, with intervals that all hold together with probability ``level``.

    A series that is the same for all users has an interval of no width; one in which too few users differ
    (``MINIMUM_DIFFERING``) has none, and no influence on the others.
    """
    if not family:
        raise ParameterError("the family is empty; give at least one series")
    if not 0 < level < 1:
        raise ParameterError(f"level is {level}, expected a probability between 0 and 1")
    sums, counts = _by_user(family)
    mean = sums.sum(axis=0) / counts.sum(axis=0)
    centred = sums - mean * counts
    centred[np.abs(centred) <= 1e-12 * np.abs(sums).max(initial=0.0)] = 0.0  # what rounding left of a constant
    # Standard error of a ratio of sums by user (linearisation; Cochran 1977, chapter 6).
    error = np.sqrt((centred**2).sum(axis=0)) / counts.sum(axis=0)
    judged = (error == 0) | (_n_differing(sums, counts) >= MINIMUM_DIFFERING)
    critical = _critical(centred[:, judged], counts[:, judged], n_samples, seed, level)
    reach = np.where(judged, critical * error, np.nan)
    return SimultaneousIntervals(mean, mean - reach, mean + reach, critical, judged)


def verdict(ci_low: float, ci_high: float) -> Verdict:
    """ "win" where the whole interval of a difference is above 0, "loss" where it is below, otherwise "tie".

    "not judged" without an interval (NaN).
    """
    if np.isnan(ci_low) or np.isnan(ci_high):
        return "not judged"
    if ci_low > 0:
        return "win"
    return "loss" if ci_high < 0 else "tie"


def _by_user(family: Sequence[Series]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums and numbers of each user's rows, of shape (n_users, n_series)."""
    users = np.unique(np.concatenate([series.user_ids for series in family]))
    sums = np.zeros((len(users), len(family)))
    counts = np.zeros((len(users), len(family)))
    for number, series in enumerate(family):
        places = np.searchsorted(users, series.user_ids)
        sums[:, number] = np.bincount(places, series.values, minlength=len(users))
        counts[:, number] = np.bincount(places, minlength=len(users))
    return sums, counts


def _n_differing(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many users of each series have another mean than its commonest one."""
    found = []
    for own, n_rows in zip(sums.T, counts.T, strict=True):
        means = own[n_rows > 0] / n_rows[n_rows > 0]
        found.append(len(means) - np.unique(means, return_counts=True)[1].max())
    return np.array(found, dtype=np.int64)


def _critical(
    centred: NDArray[np.float64], counts: NDArray[np.float64], n_samples: int, seed: int, level: float
) -> float:
    """The ``level`` quantile of the family's largest deviation in its sample's standard errors; 0 if nothing varies."""
    largest = []
    for weights in bootstrap_weights(len(centred), n_samples, seed):
        away = weights @ centred
        centre = away / np.maximum(weights @ counts, 1.0)  # a sample may hold none of a small series' users
        spread = weights @ centred**2 - 2 * centre * (weights @ (centred * counts)) + centre**2 * (weights @ counts**2)
        scaled = np.divide(np.abs(away), np.sqrt(np.maximum(spread, 0)), out=np.zeros_like(away), where=spread > 0)
        largest.append(scaled.max(axis=1, initial=0.0))
    return float(np.quantile(np.concatenate(largest), level))
