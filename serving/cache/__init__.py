"""Answers kept for a while: in Redis for several servers, in the process for one.

Entries never change once written: a key (:func:`cache_key`) carries the model's version and whatever else the answer
depends on, so an old entry is never asked for again, and it does not matter which store an entry is found in.

Cache         what the API knows of a cache
MemoryCache   in the process, bounded in entries and bytes
RedisCache    Redis, with a MemoryCache for the time when Redis is out
make_cache    one of the two, by the address
"""

from serving.cache.interface import Cache, Count, Outcome
from serving.cache.keys import cache_key
from serving.cache.making import make_cache
from serving.cache.memory import MemoryCache
from serving.cache.redis_store import RedisCache

__all__ = ["Cache", "Count", "MemoryCache", "Outcome", "RedisCache", "cache_key", "make_cache"]
