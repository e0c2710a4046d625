"""What is kept of things that every run adds to: the policy, and the one rule of choosing."""

from collections.abc import Collection, Sequence
from typing import TypeVar

from pydantic import Field

from recsys_core.parameters import Parameters

__all__ = ["RetentionParameters", "surplus"]

Thing = TypeVar("Thing")


class RetentionParameters(Parameters):
    """What a home keeps beside what is in use; the rest goes at the end of a run. In use is never counted."""

    versions: int = Field(default=5, ge=0, le=100_000)
    """Model versions kept beside those with an alias, in an experiment, or named by a stored value."""
    values: int = Field(default=1, ge=1, le=1000)
    """Older stored values of each asset kept beside its current one and those that runs have pinned."""
    runs: int = Field(default=30, ge=0, le=100_000)
    """Runs kept in Dagster and MLflow beside unfinished ones and those that assets' pages or kept versions need."""


def surplus(newest_first: Sequence[Thing], keep: int, in_use: Collection[Thing]) -> list[Thing]:
    """What can go, the newest first: all but those ``in_use`` and the ``keep`` newest of the others."""
    return [thing for thing in newest_first if thing not in in_use][keep:]
