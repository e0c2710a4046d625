"""Which cache a server has."""

from serving.cache.interface import Cache, Count, count_nothing
from serving.cache.memory import MemoryCache
from serving.cache.redis_store import RedisCache

__all__ = ["make_cache"]

_FALLBACK_ENTRIES = 10_000
_FALLBACK_BYTES = 16 * 1024 * 1024


def make_cache(
    redis_url: str | None,
    *,
    count: Count = count_nothing,
    max_entries: int = 50_000,
    max_bytes: int = 64 * 1024 * 1024,
    timeout: float = 0.05,
) -> Cache:
    """A RedisCache for an address, a MemoryCache of ``max_entries`` and ``max_bytes`` without one.

    Nothing is opened before the first call: a Redis that is out does not keep a server from starting. Beside Redis
    there is a small memory for the time when Redis is out. Raises ParameterError for an address that is none.
    """
    if not redis_url:
        return MemoryCache(max_entries, max_bytes, count=count)
    fallback = MemoryCache(min(max_entries, _FALLBACK_ENTRIES), min(max_bytes, _FALLBACK_BYTES))
    return RedisCache(redis_url, timeout=timeout, fallback=fallback, count=count)
