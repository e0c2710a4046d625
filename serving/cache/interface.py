"""What the API knows of a cache, and what a cache tells of itself."""

from collections.abc import Callable
from typing import Literal, Protocol

__all__ = ["Cache", "Clock", "Count", "Outcome", "count_nothing"]

Outcome = Literal[
    "hit",
    "miss",
    "stored",
    "too_large",  # larger than the cache takes; not stored
    "skipped",  # Redis was not asked, because it is out
    "rubbish",  # found under our key, and not written by us
    "wrong_type",  # our key holds a list, a hash or the like
    "timeout",  # Redis did not answer in time
    "connection",  # refused, reset, loading, no place for another client
    "auth",  # a password is needed, is wrong, or does not allow the command
    "full",  # out of memory, and told to evict nothing
    "read_only",  # a replica
    "protocol",  # what answers is no Redis
    "server",  # any other error that Redis answers with
]
"""Each ``get`` counts one "hit" or "miss", each ``set`` one "stored" or the reason why not; faults count besides."""

Count = Callable[[Outcome], None]
Clock = Callable[[], float]


def count_nothing(outcome: Outcome) -> None:
    """For callers who do not want to know."""


class Cache(Protocol):
    """Bytes by key, for a limited time.

    No method raises because of the store: what cannot be found is None, what cannot be stored is not stored. All calls
    come from one event loop.
    """

    @property
    def name(self) -> str:
        """ "memory" or "redis"."""
        ...

    async def get(self, key: str) -> bytes | None:
        """What was stored under ``key`` if its time is not over, else None."""
        ...

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        """Keep ``value`` for ``ttl`` seconds; not at all when that is 0 or less. It may be gone earlier."""
        ...

    async def clear(self) -> None:
        """Forget all entries of this project, and nothing else that the store may hold."""
        ...

    async def close(self) -> None:
        """Close what is open; may be called twice."""
        ...
