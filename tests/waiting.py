"""Waiting in tests: until something is so, no longer than it may take."""

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

__all__ = ["wait_until"]

Found = TypeVar("Found")


class _Child(Protocol):
    """A process that may end."""

    def poll(self) -> int | None: ...


def wait_until(
    look: Callable[[], Found | None],
    seconds: float = 15,
    *,
    every: float = 0.05,
    child: _Child | None = None,
    said: str | Callable[[], object] = "it did not happen in time",
) -> Found:
    """What ``look`` answers as soon as that is true, asked ``every`` so many seconds.

    AssertionError with what is ``said`` then: after ``seconds``, or when ``child`` has ended before.
    """
    deadline = time.monotonic() + seconds
    while not (found := look()):
        in_time = time.monotonic() < deadline and (child is None or child.poll() is None)
        assert in_time, said if isinstance(said, str) else said()
        time.sleep(every)
    return found
