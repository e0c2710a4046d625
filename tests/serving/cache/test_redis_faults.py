"""Whatever happens to Redis, a call answers, soon, and says in the counters what it was."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from serving.cache import MemoryCache, RedisCache

pytestmark = pytest.mark.anyio

SOON = 2.0
"""Seconds; far above what is promised, for a crowded machine, and far below what a hanging Redis would cost."""


@pytest.fixture
async def connect(clock, count) -> AsyncIterator[Callable[..., RedisCache]]:
    """Makes caches on the hand-set clock, and closes them."""
    made: list[RedisCache] = []

    def make(url: str, **options: object) -> RedisCache:
        made.append(RedisCache(url, **({"timeout": 0.5, "clock": clock, "count": count} | options)))
        return made[-1]

    yield make
    for cache in made:
        await cache.close()


async def eventually(condition: Callable[[], Awaitable[bool] | bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while True:
        met = condition()
        if met if isinstance(met, bool) else await met:
            return
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.01)


async def test_killed_and_started_again(start_redis, connect, clock, counted: Counter[str]) -> None:
    server = start_redis()
    cache = connect(server.url)
    await cache.set("k", b"1", 60)
    assert await cache.get("k") == b"1"

    server.kill()
    assert await cache.get("k") is None
    await cache.set("k", b"1", 60)
    assert cache.is_out
    assert counted["connection"] == 1

    server.start()
    assert await cache.get("k") is None  # the pause is not over
    clock.pass_seconds(1.1)
    await cache.get("k")  # starts a trial beside it
    await eventually(lambda: not cache.is_out)
    await cache.set("k", b"2", 60)
    assert await cache.get("k") == b"2"


async def test_while_redis_is_out_the_memory_beside_it_answers(start_redis, connect) -> None:
    server = start_redis()
    cache = connect(server.url, fallback=MemoryCache())
    server.kill()
    await cache.set("k", b"1", 60)
    assert await cache.get("k") == b"1"
    await cache.clear()
    assert await cache.get("k") is None


async def test_a_hanging_redis_is_waited_for_once(start_redis, connect, clock, counted: Counter[str]) -> None:
    server = start_redis()
    cache = connect(server.url, timeout=0.2)
    await cache.set("k", b"1", 60)
    server.hang()

    begun = time.monotonic()
    assert [await cache.get("k") for _ in range(500)] == [None] * 500
    for _ in range(500):
        await cache.set("k", b"1", 60)
    assert time.monotonic() - begun < SOON
    assert counted["timeout"] == 1
    assert counted["skipped"] == 999

    clock.pass_seconds(1.1)
    begun = time.monotonic()
    assert await cache.get("k") is None
    assert time.monotonic() - begun < 0.1  # the trial's time is not the request's
    await eventually(lambda: counted["timeout"] == 2)
    assert cache.is_out

    server.go_on()
    clock.pass_seconds(2.1)
    await cache.get("k")
    await eventually(lambda: not cache.is_out)
    assert await cache.get("k") == b"1"


async def test_calls_under_way_when_redis_begins_to_hang_wait_side_by_side(start_redis, connect) -> None:
    server = start_redis()
    cache = connect(server.url, timeout=0.2, max_connections=4)
    await cache.get("k")
    server.hang()
    begun = time.monotonic()
    assert await asyncio.gather(*(cache.get(f"k{n}") for n in range(50))) == [None] * 50
    assert time.monotonic() - begun < SOON


async def test_cancelled_calls_leave_no_answer_for_others(start_redis, connect) -> None:
    server = start_redis()
    cache = connect(server.url, timeout=5, max_connections=3)
    for number in range(40):
        await cache.set(f"k{number}", b"%d" % number, 60)
    for turn in range(20):
        asked = [asyncio.create_task(cache.get(f"k{number}")) for number in range(40)]
        await asyncio.sleep(0.0005 * (turn % 5))
        for task in asked[::2]:
            task.cancel()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for number, answer in enumerate(answers):
            assert isinstance(answer, asyncio.CancelledError) or answer == b"%d" % number
    assert not cache.is_out


@pytest.mark.parametrize(
    "rubbish",
    [b"", b"x", b"RSYS\x01", b"RSYS\x02" + b"a" * 40, b"\x80\x04\x95", b'{"items": []}', bytes(range(256)) * 20],
    ids=["nothing", "a letter", "a head alone", "a wrong sum", "a pickle", "JSON", "noise"],
)
async def test_rubbish_under_our_key_is_a_miss_and_is_written_over(
    shared_redis, connect, counted: Counter[str], rubbish: bytes
) -> None:
    cache = connect(shared_redis.url, timeout=5)
    async with Redis.from_url(shared_redis.url) as other:
        await other.set("recsys:k", rubbish)
    assert await cache.get("k") is None
    assert counted["rubbish"] == (1 if rubbish else 0)  # nothing at all is what a missing key looks like, too
    assert not cache.is_out
    await cache.set("k", b"1", 60)
    assert await cache.get("k") == b"1"


async def test_the_value_of_another_key_is_rubbish(shared_redis, connect, counted: Counter[str]) -> None:
    cache = connect(shared_redis.url, timeout=5)
    await cache.set("a", b"for a", 60)
    async with Redis.from_url(shared_redis.url) as other:
        await other.copy("recsys:a", "recsys:b", replace=True)
    assert await cache.get("b") is None
    assert counted["rubbish"] == 1


async def test_of_a_huge_value_only_a_part_is_fetched(shared_redis, connect, counted: Counter[str]) -> None:
    cache = connect(shared_redis.url, timeout=5, max_value_bytes=1000)
    async with Redis.from_url(shared_redis.url) as other:
        await other.set("recsys:k", b"x" * 20_000_000)
        before = (await other.info("stats"))["total_net_output_bytes"]
        assert await cache.get("k") is None
        sent = (await other.info("stats"))["total_net_output_bytes"] - before
        await other.delete("recsys:k")
    assert counted["rubbish"] == 1
    assert sent < 100_000


async def test_a_key_of_another_type_is_a_miss_and_is_written_over(
    shared_redis, connect, counted: Counter[str]
) -> None:
    cache = connect(shared_redis.url, timeout=5)
    async with Redis.from_url(shared_redis.url) as other:
        await other.delete("recsys:k")
        await other.rpush("recsys:k", "a", "b")
    assert await cache.get("k") is None
    assert counted["wrong_type"] == 1
    assert not cache.is_out
    await cache.set("k", b"1", 60)
    assert await cache.get("k") == b"1"


async def test_a_full_redis_is_read_and_not_written(start_redis, connect, clock, counted: Counter[str]) -> None:
    server = start_redis("--maxmemory-policy", "noeviction")
    cache = connect(server.url, timeout=5, fallback=MemoryCache())
    await cache.set("kept", b"1", 60)
    async with Redis.from_url(server.url) as other:
        await other.config_set("maxmemory", "1")
        for number in range(20):
            await cache.set(f"k{number}", b"2", 60)
        assert counted["full"] == 1  # the others were not even sent
        assert not cache.is_out
        assert await cache.get("kept") == b"1"
        assert await cache.get("k7") == b"2"  # from the memory beside it
        await other.config_set("maxmemory", "0")
    clock.pass_seconds(1.1)
    await cache.set("again", b"3", 60)
    assert counted["stored"] == 2
    assert await cache.get("again") == b"3"


async def test_a_replica_is_read_and_not_written(start_redis, connect, counted: Counter[str]) -> None:
    server = start_redis()
    cache = connect(server.url, timeout=5)
    await cache.set("k", b"1", 60)
    async with Redis.from_url(server.url) as other:
        await other.replicaof("127.0.0.1", "1")
    await cache.set("k", b"2", 60)
    assert counted["read_only"] == 1
    assert await cache.get("k") == b"1"


@pytest.mark.parametrize(
    "password", ["", ":wrong@", "nobody:wrong@"], ids=["no password", "a wrong one", "no such user"]
)
async def test_a_password_that_is_missing_or_wrong(start_redis, connect, counted: Counter[str], password: str) -> None:
    server = start_redis("--requirepass", "right")
    with capture_logs() as logs:
        cache = connect(server.url.replace("//", f"//{password}"), timeout=5)
        assert await cache.get("k") is None
        await cache.set("k", b"1", 60)
    assert counted["auth"] == 1
    assert cache.is_out
    assert "wrong" not in str(logs).replace("wrong_type", "")

    right = connect(server.url.replace("//", "//:right@"), timeout=5)
    await right.set("k", b"1", 60)
    assert await right.get("k") == b"1"


async def test_a_command_that_is_not_allowed(start_redis, connect, counted: Counter[str]) -> None:
    server = start_redis()
    async with Redis.from_url(server.url) as other:
        await other.execute_command("ACL", "SETUSER", "reader", "on", ">pw", "~recsys:*", "+getrange")
    cache = connect(server.url.replace("//", "//reader:pw@"), timeout=5)
    await cache.set("k", b"1", 60)
    assert counted["auth"] == 1
    assert await cache.get("k") is None
    assert not cache.is_out  # it may read


async def test_a_port_where_nobody_listens(connect, counted: Counter[str]) -> None:
    cache = connect("redis://127.0.0.1:1")
    assert await cache.get("k") is None
    assert counted == {"connection": 1, "miss": 1}


async def test_a_name_that_no_server_has(connect, counted: Counter[str]) -> None:
    cache = connect("redis://no-such-host.invalid:6379")
    assert await cache.get("k") is None
    assert cache.is_out
    assert counted["connection"] + counted["timeout"] == 1


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def says(what: bytes, *, then_close: bool = True) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(what)
        await writer.drain()
        if not then_close:
            await reader.read()

    return answer


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"$" + b"9" * 65536)
        await writer.drain()


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"$1000\r\nthe beginning")
    await writer.drain()
    writer.transport.abort()


ODD_SERVERS = {
    "accepts and never answers": (silent, {"timeout"}),
    "hangs up at once": (says(b""), {"connection"}),
    "speaks HTTP": (says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), {"protocol", "connection"}),
    "ends within an answer": (says(b"$1000\r\nthe beginning"), {"connection"}),
    "resets within an answer": (resets, {"connection"}),
    "stops within an answer": (says(b"$1000\r\nthe beginning", then_close=False), {"timeout"}),
    "announces a length that is none": (says(b"$many\r\n", then_close=False), {"protocol", "connection"}),
    "announces an endless length": (says(b"$99999999999999\r\nx", then_close=False), {"timeout", "protocol"}),
    "answers with a number": (says(b":5\r\n", then_close=False), {"rubbish"}),
    "answers with a list": (says(b"*2\r\n:1\r\n:2\r\n", then_close=False), {"rubbish"}),
    "answers with nested lists": (says(b"*1\r\n" * 5000, then_close=False), {"timeout", "protocol"}),
    "is loading": (says(b"-LOADING Redis is loading\r\n", then_close=False), {"connection"}),
    "is a node of a cluster": (says(b"-MOVED 3999 127.0.0.1:1\r\n", then_close=False), {"server"}),
    "is busy with a script": (says(b"-BUSY Redis is busy\r\n", then_close=False), {"server"}),
    "never stops": (endless, {"timeout", "protocol"}),
}


@pytest.mark.parametrize("kind", ODD_SERVERS)
async def test_a_server_that_is_no_redis_costs_no_answer(kind: str, connect, counted: Counter[str]) -> None:
    answer, expected = ODD_SERVERS[kind]
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            await answer(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    cache = connect(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout=0.1)

    begun = time.monotonic()
    assert await cache.get("k") is None
    await cache.set("k", b"1", 60)
    assert await cache.get("k") is None
    await cache.clear()
    assert time.monotonic() - begun < SOON
    assert set(counted) & expected, counted

    await cache.close()
    for writer in writers:
        writer.transport.abort()
    server.close()
    await asyncio.sleep(0)


async def test_an_outage_is_told_once_and_its_end(start_redis, connect, clock, counted: Counter[str]) -> None:
    server = start_redis()
    cache = connect(server.url)
    await cache.get("k")
    with capture_logs() as logs:
        server.kill()
        for _ in range(15):
            clock.pass_seconds(1)
            await cache.get("k")
            await asyncio.sleep(0.01)
        assert counted["connection"] > 2
        assert [line["event"] for line in logs] == ["Redis: not read; answers go on without it"]
        assert logs[0]["log_level"] == "warning"

        server.start()
        clock.pass_seconds(31)
        await cache.get("k")
        await eventually(lambda: not cache.is_out)
    assert [line["event"] for line in logs][1:] == ["Redis is back"]


async def test_rubbish_in_masses_is_told_twice_a_minute(shared_redis, connect, clock) -> None:
    cache = connect(shared_redis.url, timeout=5)
    async with Redis.from_url(shared_redis.url) as other:
        await other.set("recsys:k", b"rubbish")
    with capture_logs() as logs:
        for _ in range(61):
            await cache.get("k")
            clock.pass_seconds(1)
    assert [line["n_held_back"] for line in logs] == [0, 29, 29]


async def test_trials_become_rarer_while_redis_stays_out(connect, clock, counted: Counter[str]) -> None:
    cache = connect("redis://127.0.0.1:1")
    await cache.get("k")
    tried_at = []
    for second in range(1, 100):
        before = counted["connection"]
        clock.pass_seconds(1)
        await cache.get("k")
        if cache._trial is not None:
            await cache._trial
        if counted["connection"] > before:
            tried_at.append(second)
    assert tried_at == [1, 3, 7, 15, 31, 61, 91]
