"""What both caches promise."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest

from recsys_core.errors import ParameterError
from serving.cache import Cache, MemoryCache, RedisCache, make_cache

pytestmark = pytest.mark.anyio


class CacheContract:
    """Inherited once for each cache; a subclass has the fixture ``cache``, which counts into ``counted``."""

    async def test_what_was_stored_is_found_byte_for_byte(self, cache: Cache) -> None:
        for value in (b"", b"\x00\xff\r\n$5\r\n", b"x" * 100_000, bytes(range(256))):
            await cache.set("k", value, 60)
            assert await cache.get("k") == value

    async def test_what_was_never_stored_is_not_found(self, cache: Cache) -> None:
        await cache.set("other", b"1", 60)
        assert await cache.get("k") is None

    async def test_the_last_value_wins(self, cache: Cache) -> None:
        await cache.set("k", b"1", 60)
        await cache.set("k", b"2", 60)
        assert await cache.get("k") == b"2"

    @pytest.mark.parametrize("ttl", [0, -1, float("nan")])
    async def test_without_time_nothing_is_kept(self, cache: Cache, ttl: float) -> None:
        await cache.set("k", b"1", ttl)
        assert await cache.get("k") is None

    async def test_an_entry_is_gone_when_its_time_is_over(self, cache: Cache) -> None:
        await cache.set("short", b"1", 0.02)
        await cache.set("long", b"1", 60)
        await asyncio.sleep(0.05)
        assert await cache.get("short") is None
        assert await cache.get("long") == b"1"

    @pytest.mark.parametrize("ttl", [1e-9, 1e12, float("inf")])
    async def test_times_beyond_all_measure_break_nothing(self, cache: Cache, ttl: float) -> None:
        await cache.set("k", b"1", ttl)
        assert await cache.get("k") in ({None, b"1"} if ttl < 1 else {b"1"})

    async def test_clear_forgets_all(self, cache: Cache) -> None:
        for number in range(50):
            await cache.set(f"k{number}", b"1", 60)
        await cache.clear()
        assert [await cache.get(f"k{number}") for number in range(50)] == [None] * 50

    async def test_keys_of_any_characters(self, cache: Cache) -> None:
        keys = ["", "a b", "a\r\nb", "ü", "*", "recsys:", "k" * 5000]
        for number, key in enumerate(keys):
            await cache.set(key, str(number).encode(), 60)
        assert [await cache.get(key) for key in keys] == [str(number).encode() for number in range(len(keys))]

    async def test_hits_misses_and_stores_are_counted(self, cache: Cache, counted: Counter[str]) -> None:
        await cache.get("k")
        await cache.set("k", b"1", 60)
        await cache.get("k")
        await cache.get("k")
        assert counted == {"miss": 1, "stored": 1, "hit": 2}

    async def test_a_value_that_is_too_large_is_counted_and_not_kept(self, cache: Cache, counted: Counter[str]) -> None:
        await cache.set("k", b"x" * 3_000_000, 60)
        assert await cache.get("k") is None
        assert counted == {"too_large": 1, "miss": 1}

    async def test_many_at_once_each_get_their_own(self, cache: Cache) -> None:
        await asyncio.gather(*(cache.set(f"k{n}", b"%d" % n, 60) for n in range(100)))
        assert await asyncio.gather(*(cache.get(f"k{n}") for n in range(100))) == [b"%d" % n for n in range(100)]

    async def test_closing_twice_is_no_fault(self, cache: Cache) -> None:
        await cache.set("k", b"1", 60)
        await cache.close()
        await cache.close()


class TestMemoryCache(CacheContract):
    @pytest.fixture
    def cache(self, count: Callable[[str], None]) -> Cache:
        return MemoryCache(1000, 2_000_000, count=count)


class TestRedisCache(CacheContract):
    @pytest.fixture
    async def cache(self, shared_redis, count: Callable[[str], None]) -> AsyncIterator[Cache]:
        cache = RedisCache(shared_redis.url, timeout=5, count=count)  # a busy machine is no fault of Redis
        await cache.clear()
        yield cache
        await cache.close()

    async def test_clear_leaves_the_keys_of_others(self, cache: Cache, shared_redis) -> None:
        from redis.asyncio import Redis

        name = str(uuid.uuid4())
        async with Redis.from_url(shared_redis.url) as other:
            await other.set(name, b"theirs")
            await cache.set("k", b"1", 60)
            await cache.clear()
            assert await other.get(name) == b"theirs"
            assert await cache.get("k") is None

    async def test_two_servers_share_their_entries(self, cache: Cache, shared_redis) -> None:
        other = RedisCache(shared_redis.url, timeout=5)
        await cache.set("k", b"1", 60)
        assert await other.get("k") == b"1"
        await other.close()


async def test_the_address_says_which_cache_it_is() -> None:
    assert make_cache(None).name == make_cache("").name == "memory"
    assert make_cache("redis://127.0.0.1:1").name == "redis"  # nothing is opened before it is used


@pytest.mark.parametrize("url", ["nonsense", "http://h", "redis://:secret@h:port", "redis://h:99999", "redis://h?db=x"])
def test_an_address_that_is_none_is_refused_without_repeating_its_password(url: str) -> None:
    with pytest.raises(ParameterError, match="address of Redis cannot be used; expected redis://") as caught:
        make_cache(url)
    assert "secret" not in str(caught.value)
