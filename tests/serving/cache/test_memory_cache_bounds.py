"""Time, entries and bytes of the cache in the process."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.errors import ParameterError
from serving.cache import MemoryCache

pytestmark = pytest.mark.anyio


async def test_an_entry_lives_exactly_as_long_as_it_was_told(clock) -> None:
    cache = MemoryCache(clock=clock)
    await cache.set("a", b"1", 10)
    await cache.set("b", b"2", 20)

    clock.pass_seconds(9.999)
    assert (await cache.get("a"), await cache.get("b")) == (b"1", b"2")
    clock.pass_seconds(0.001)
    assert (await cache.get("a"), await cache.get("b")) == (None, b"2")
    assert len(cache) == 1


async def test_storing_again_begins_its_time_anew(clock) -> None:
    cache = MemoryCache(clock=clock)
    await cache.set("a", b"1", 10)
    clock.pass_seconds(8)
    await cache.set("a", b"1", 10)
    clock.pass_seconds(8)
    assert await cache.get("a") == b"1"


async def test_the_least_recently_used_goes_first() -> None:
    cache = MemoryCache(max_entries=3)
    for key in "abc":
        await cache.set(key, b"1", 60)
    await cache.get("a")
    await cache.set("d", b"1", 60)
    assert [await cache.get(key) for key in "abcd"] == [b"1", None, b"1", b"1"]


async def test_an_entry_whose_time_is_over_makes_room_before_a_living_one(clock) -> None:
    cache = MemoryCache(max_entries=2, clock=clock)
    await cache.set("old", b"1", 60)
    await cache.set("over", b"1", 1)
    clock.pass_seconds(2)
    await cache.set("new", b"1", 60)
    assert (await cache.get("old"), await cache.get("new")) == (b"1", b"1")


async def test_replacing_an_entry_of_a_full_cache_drops_no_other() -> None:
    cache = MemoryCache(max_entries=2)
    for key in "abab":
        await cache.set(key, b"1", 60)
    assert (await cache.get("a"), await cache.get("b")) == (b"1", b"1")


async def test_a_value_that_is_too_large_does_not_leave_the_older_one(counted: Counter[str], count) -> None:
    cache = MemoryCache(max_bytes=2000, count=count)
    await cache.set("a", b"old", 60)
    await cache.set("a", b"x" * 3000, 60)
    assert await cache.get("a") is None
    assert counted["too_large"] == 1


_STORES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 1500), st.integers(1, 20), st.integers(0, 9)))


@given(stores=_STORES)
async def test_it_never_holds_more_than_it_may(stores: list[tuple[int, int, int, int]]) -> None:
    seconds = [0.0]
    cache = MemoryCache(max_entries=5, max_bytes=4000, clock=lambda: seconds[0])
    last: dict[str, tuple[bytes, float]] = {}
    for number, n_bytes, ttl, wait in stores:
        seconds[0] += wait
        key, value = f"k{number}", bytes(n_bytes)
        await cache.set(key, value, ttl)
        last[key] = (value, seconds[0] + ttl)
        assert len(cache) <= 5
        assert cache.n_bytes <= 4000
        assert await cache.get(key) == value
    for key, (value, end) in last.items():
        assert await cache.get(key) in ({None, value} if seconds[0] < end else {None})


async def test_its_own_account_of_bytes_is_near_the_truth() -> None:
    import tracemalloc

    n_entries, n_value_bytes = 500, 200
    cache = MemoryCache()
    tracemalloc.start()
    try:
        for number in range(n_entries):
            await cache.set(f"{number:040d}", number.to_bytes(n_value_bytes, "big"), 60)
        measured = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert 0.6 < cache.n_bytes / measured < 1.7


@pytest.mark.parametrize("bounds", [(0, 100), (100, 0), (-1, -1)])
def test_a_cache_without_room_is_refused(bounds: tuple[int, int]) -> None:
    with pytest.raises(ParameterError, match="expected at least 1 of each"):
        MemoryCache(*bounds)
