"""Everybody in an experiment, as arrays: which arm, and what they did in their window."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from serving.events.outcomes import PersonOutcomes
from serving.experiments.declaration import Experiment, Metric
from serving.experiments.sequences import Moments

__all__ = ["Census", "People", "census"]

COUNTED = ("n_exposures", "n_impressions", "n_clicks", "n_ratings")


@dataclass(frozen=True, slots=True)
class People:
    """Those of one arm whose window is over. Arrays of shape (n_people,)."""

    n_exposures: NDArray[np.float64]
    n_impressions: NDArray[np.float64]
    n_clicks: NDArray[np.float64]
    n_ratings: NDArray[np.float64]
    sum_of_ratings: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.n_exposures)

    def parts(self, metric: Metric) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Each person's numerator and denominator."""
        if metric == "click_through_rate":
            return self.n_clicks, self.n_impressions
        if metric == "mean_rating":
            return self.sum_of_ratings, self.n_ratings
        return (self.n_ratings > 0).astype(np.float64), np.ones(len(self))

    def moments(self, metric: Metric) -> Moments:
        return Moments.of(*self.parts(metric))

    def n_contributing(self, metric: Metric) -> int:
        """People from whom something is learnt: who clicked, or who rated."""
        return int(((self.n_clicks if metric == "click_through_rate" else self.n_ratings) > 0).sum())


@dataclass(frozen=True, slots=True)
class Census:
    """``finished`` and ``n_exposed`` are by arm; the rest are people who are counted and left out."""

    finished: dict[str, People]
    n_exposed: dict[str, int]
    n_in_several_arms: int
    n_in_undeclared_arms: int


def census(experiment: Experiment, outcomes: Iterable[PersonOutcomes], *, now: datetime) -> Census:
    """Sort people by arm, apart from those seen in two arms or in one that is not declared (any more)."""
    rows: dict[str, list[tuple[float, ...]]] = {arm.name: [] for arm in experiment.arms}
    n_exposed = dict.fromkeys(rows, 0)
    n_several = n_undeclared = 0
    for person in outcomes:
        if len(person.arms) > 1:
            n_several += 1
        elif person.arms[0] not in rows:
            n_undeclared += 1
        else:
            n_exposed[person.arms[0]] += 1
            if person.first_exposure + experiment.window <= now:
                counts = (float(getattr(person, name)) for name in COUNTED)
                rows[person.arms[0]].append((*counts, person.sum_of_ratings))
    return Census({arm: _people(found) for arm, found in rows.items()}, n_exposed, n_several, n_undeclared)


def _people(rows: Sequence[tuple[float, ...]]) -> People:
    return People(*np.asarray(rows, dtype=np.float64).reshape(-1, len(COUNTED) + 1).T)
