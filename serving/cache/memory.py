"""A cache in the process: entries expire, the least recently used go first when it is full."""

import time
from typing import NamedTuple

from cachetools import TLRUCache

from recsys_core.errors import ParameterError
from serving.cache.interface import Clock, Count, count_nothing

__all__ = ["MemoryCache"]

_ENTRY_BYTES = 400  # of Python's objects around key and value: 360 by tracemalloc, rounded up


class _Entry(NamedTuple):
    value: bytes
    ttl: float
    n_bytes: int


def _end(_key: str, entry: _Entry, now: float) -> float:
    return now + entry.ttl


class MemoryCache:
    """Holds at most ``max_entries`` and, keys and Python's own objects included, about ``max_bytes``.

    The clock counts seconds and never goes back.
    """

    name = "memory"

    def __init__(
        self,
        max_entries: int = 50_000,
        max_bytes: int = 64 * 1024 * 1024,
        *,
        count: Count = count_nothing,
        clock: Clock = time.monotonic,
    ) -> None:
        if max_entries < 1 or max_bytes < 1:
            raise ParameterError(f"a cache of {max_entries} entries and {max_bytes} bytes; expected at least 1 of each")
        self._entries: TLRUCache[str, _Entry] = TLRUCache(
            max_bytes, ttu=_end, timer=clock, getsizeof=lambda entry: entry.n_bytes
        )
        self._max_entries, self._max_bytes, self._count = max_entries, max_bytes, count

    def __len__(self) -> int:
        """Number of entries whose time is not over."""
        return len(self._entries)

    @property
    def n_bytes(self) -> int:
        return int(self._entries.currsize)

    async def get(self, key: str) -> bytes | None:
        entry = self._entries.get(key)
        self._count("miss" if entry is None else "hit")
        return None if entry is None else entry.value

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        if not ttl > 0:
            return
        n_bytes = _ENTRY_BYTES + len(key) + len(value)
        if n_bytes > self._max_bytes:
            self._entries.pop(key, None)  # what is there is older than what was to replace it
            self._count("too_large")
            return
        if key not in self._entries:
            self._entries.expire()
            while len(self._entries) >= self._max_entries:
                self._entries.popitem()
        self._entries[key] = _Entry(value, ttl, n_bytes)
        self._count("stored")

    async def clear(self) -> None:
        self._entries.clear()

    async def close(self) -> None:
        self._entries.clear()
