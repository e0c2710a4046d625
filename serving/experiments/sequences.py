"""Intervals that may be looked at after every person: asymptotic confidence sequences.

A 95 % confidence interval is right 95 times in 100 if it is looked at once, at a time fixed before. Somebody who
looks every day and stops at the first difference is misled far more often. A confidence *sequence* holds at all
times together. This one is Robbins' normal mixture, made valid for means of any distribution with enough people by
strong approximation: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, "Time-uniform central limit theory and
asymptotic confidence sequences", Annals of Statistics 52(6), 2024 (arXiv:2103.06476), theorem 2.2.

The sequence runs over *people*, who are assigned independently; the events of one person are not independent. A rate
of events (clicks by impressions) is therefore a ratio of two sums over people, linearised: Deng, Knoblich & Lu,
"Applying the delta method in metric analytics", KDD 2018 (arXiv:1803.06336). Its remainder is of order log log n / n,
smaller than what the sequence neglects anyway.
"""

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import lambertw

__all__ = [
    "MINIMUM_CONTRIBUTING",
    "MINIMUM_PEOPLE",
    "Moments",
    "critical_value",
    "difference",
    "is_enough",
    "mixture_rho2",
    "ratio",
]

MINIMUM_PEOPLE = 100
"""Finished people in an arm below which there is no interval."""
MINIMUM_CONTRIBUTING = 50
"""People who clicked (or rated) that the smaller arm is to be expected to have; with fewer, sums are not yet normal.

Chosen on simulations with uneven arms and rare or uneven outcomes: docs/experiments.md has the table.
"""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over people of a numerator x and a denominator y; a mean over people has y = 1.

    Each is an array of one shape, so that many experiments or many looks are computed at once; () for a single one.
    """

    n: Floats
    x: Floats
    y: Floats
    xx: Floats
    yy: Floats
    xy: Floats

    @classmethod
    def of(cls, x: ArrayLike, y: ArrayLike) -> Self:
        """Sums over the last axis of ``x`` and ``y``, which is people."""
        a, b = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
        sums = (np.asarray(values.sum(axis=-1)) for values in (np.ones_like(a), a, b, a * a, b * b, a * b))
        return cls(*sums)

    @classmethod
    def running(cls, x: ArrayLike, y: ArrayLike, present: ArrayLike) -> Self:
        """Cumulative sums over the last axis, of those people who are ``present`` (1, else 0)."""
        here = np.asarray(present, dtype=np.float64)
        a, b = np.asarray(x, dtype=np.float64) * here, np.asarray(y, dtype=np.float64) * here
        return cls(*(values.cumsum(axis=-1) for values in (here, a, b, a * a, b * b, a * b)))

    def at(self, looks: Any) -> Self:
        """Only some places of the last axis."""
        return type(self)(*(values[..., looks] for values in (self.n, self.x, self.y, self.xx, self.yy, self.xy)))


def ratio(moments: Moments) -> tuple[Floats, Floats]:
    """Σx / Σy, and the variance of one person's part in it; NaN where Σy is 0 or there is one person."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = moments.x / moments.y
        residuals = moments.xx - 2 * value * moments.xy + value**2 * moments.yy
        mean_y = moments.y / moments.n
        variance = np.maximum(residuals, 0) / (moments.n - 1) / mean_y**2
    return value, np.where(moments.n > 1, variance, np.nan)


def mixture_rho2(alpha: float, tightest_at: float) -> float:
    """The mixture's parameter ρ² for which the sequence is narrowest at ``tightest_at`` people.

    Minimises the margin exactly, by the lower branch of Lambert's W (same paper, appendix).
    """
    return float(-lambertw(-(alpha**2) * math.exp(-1), k=-1).real - 1) / tightest_at


def critical_value(n: ArrayLike, *, alpha: float, tightest_at: float) -> Floats:
    """How many standard errors the sequence spans to each side after ``n`` people; 1.96 would be a single look's."""
    n_rho2 = np.asarray(n, dtype=np.float64) * mixture_rho2(alpha, tightest_at)
    with np.errstate(divide="ignore"):
        found = np.sqrt((1 + 1 / n_rho2) * np.log((n_rho2 + 1) / alpha**2))
    return np.asarray(found)


def difference(
    treatment: Moments, control: Moments, *, alpha: float, tightest_at: float
) -> tuple[Floats, Floats, Floats]:
    """Ratio of ``treatment`` minus that of ``control``, and both ends of its confidence sequence at level ``alpha``."""
    (value, variance), (other, other_variance) = ratio(treatment), ratio(control)
    with np.errstate(divide="ignore", invalid="ignore"):
        standard_error = np.sqrt(variance / treatment.n + other_variance / control.n)
        margin = standard_error * critical_value(treatment.n + control.n, alpha=alpha, tightest_at=tightest_at)
    return value - other, value - other - margin, value - other + margin


def is_enough(n_treatment: ArrayLike, n_control: ArrayLike, n_contributing: ArrayLike) -> NDArray[np.bool_]:
    """Whether means are near enough to normal for an interval. ``n_contributing`` is of both arms together.

    What the smaller arm is *expected* to have under equality counts, not what it has: an arm in which nobody clicks
    must not hide behind having no clicks.
    """
    treatment, control = np.asarray(n_treatment), np.asarray(n_control)
    smaller = np.minimum(treatment, control)
    expected = np.asarray(n_contributing) * smaller / np.maximum(treatment + control, 1)
    return np.asarray((smaller >= MINIMUM_PEOPLE) & (expected >= MINIMUM_CONTRIBUTING))
