"""What the values of interactions say: ratings on a scale, counts, or events without a value."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ParameterError

__all__ = ["Feedback", "FeedbackKind"]

FeedbackKind = Literal["ratings", "counts", "events"]
"""What a value says; see :class:`Feedback`."""
_MOST_STEPS = 1_000
_NEUTRAL = 0.01  # of the way from the middle to an end of the scale
_LARGE = 0.99  # quantile of the counts that says as much as a count can


@dataclass(frozen=True, slots=True)
class Feedback:
    """How values become evidence: the one place where a rating, a count and a click differ.

    step     0 where any value in between may be given
    kind     "ratings" from ``minimum`` to ``maximum`` by ``step``; "counts" (plays, purchases, other weights), which
             say as much as they can from ``maximum`` on; "events": that something happened is all that is known
    """

    minimum: float
    maximum: float
    step: float
    kind: FeedbackKind = "ratings"

    def __post_init__(self) -> None:
        if not 0 < self.maximum < float("inf") or self.minimum > self.maximum:
            raise ParameterError(
                f"feedback from {self.minimum:g} to {self.maximum:g}: expected a maximum above 0, not below the minimum"
            )
        if not math.isfinite(self.minimum) or not 0 <= self.step < float("inf"):
            raise ParameterError(
                f"feedback from {self.minimum:g} in steps of {self.step:g}: expected numbers, and a step of at least 0"
            )
        if self.kind == "ratings" and self.step:
            n_steps = (self.maximum - self.minimum) / self.step
            if n_steps > _MOST_STEPS:
                raise ParameterError(
                    f"feedback from {self.in_words} has {n_steps:,.0f} steps: expected at most {_MOST_STEPS:,}; "
                    "give a step of 0 for any value in between"
                )
            if not math.isclose(n_steps, round(n_steps), abs_tol=1e-6):
                raise ParameterError(f"feedback from {self.in_words}: {self.maximum:g} is not on its steps")

    @classmethod
    def counts(cls, values: NDArray[np.floating[Any]]) -> Self:
        """Counts such as ``values`` (n,): only one in a hundred is beyond ``maximum``."""
        return cls(0.0, float(np.quantile(values, _LARGE, method="lower")) or 1.0, 1.0, "counts")

    @classmethod
    def events(cls) -> Self:
        """Events: every value says the same."""
        return cls(0.0, 1.0, 1.0, "events")

    @property
    def values(self) -> tuple[float, ...]:
        """Of the scale, ascending; of one without steps its ends."""
        if self.step == 0:
            return (self.minimum, self.maximum)
        count = round((self.maximum - self.minimum) / self.step)
        return tuple(self.minimum + i * self.step for i in range(count + 1))

    @property
    def middle(self) -> float:
        """A rating above it speaks for an item and one below against; counts and events never speak against."""
        return (self.minimum + self.maximum) / 2 if self.kind == "ratings" else 0.0

    def within(self, value: float) -> bool:
        """Whether it lies on the scale; a count may lie beyond it."""
        return self.minimum <= value and (value <= self.maximum or self.kind == "counts")

    def holds(self, value: float) -> bool:
        """Whether it lies on the scale and its steps."""
        steps = (value - self.minimum) / self.step if self.step else 0.0
        return self.within(value) and math.isclose(steps, round(steps), abs_tol=1e-6)

    def takes_back(self, value: float) -> bool:
        """Whether it says that nothing happened, whatever was known before: a count or an event of 0."""
        return self.kind != "ratings" and value <= 0

    @property
    def ends_in_words(self) -> str:
        """What is within: "0.5 to 5"."""
        return f"{self.minimum:g} {'or more' if self.kind == 'counts' else f'to {self.maximum:g}'}"

    @property
    def in_words(self) -> str:
        """What it holds: "0.5 to 5 in steps of 0.5"."""
        return f"{self.ends_in_words}{f' in steps of {self.step:g}' if self.step else ''}"

    def shares(self, values: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """How much each value is of the best one, 0 to 1: rating / maximum; counts in logarithms; 1 for an event.

        On a scale that begins below 0 a rating is as much as it lies above the worst one.
        """
        numbers = np.asarray(values, dtype=np.float32)
        if self.kind == "events":
            return np.ones_like(numbers)
        if self.kind == "counts":
            share = np.log1p(np.maximum(numbers, 0)) / np.float32(np.log1p(self.maximum))
            return np.minimum(share, np.float32(1)).astype(np.float32)
        worst = np.float32(min(self.minimum, 0.0))
        return np.asarray(np.maximum(numbers - worst, 0) / (np.float32(self.maximum) - worst), dtype=np.float32)

    def powers(self, ratings: csr_matrix, power: float) -> csr_matrix:
        """:meth:`shares` to the ``power``, in the sparsity of ``ratings`` (shared, not copied)."""
        data: NDArray[np.float32] = self.shares(ratings.data) ** np.float32(power)
        return csr_matrix((data, ratings.indices, ratings.indptr), shape=ratings.shape)

    def disliked(self, values: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """Which values speak against their item."""
        if self.kind != "ratings":
            return np.zeros(np.shape(values), dtype=bool)
        return np.asarray(values) < np.float32(self.middle)

    def strengths(self, values: NDArray[np.floating[Any]], dislike: float = 1.0) -> NDArray[np.float32]:
        """Evidence for liking: 0 at the scale's middle, 1 for the best rating, -``dislike`` for the worst.

        So near to the middle as hardly any scale has a step, a rating says nothing.
        """
        if self.kind != "ratings":
            return self.shares(values)
        away = np.asarray(values, dtype=np.float32) - np.float32(self.middle)
        half = np.float32((self.maximum - self.minimum) / 2 or self.maximum)
        away[np.abs(away) < _NEUTRAL * half] = 0
        return np.asarray(np.where(away < 0, np.float32(dislike), np.float32(1)) * away / half, dtype=np.float32)

    def as_dict(self) -> dict[str, Any]:
        """Values that JSON can hold; ``Feedback(**feedback.as_dict())`` is equal to it."""
        return asdict(self)
