"""A cache in Redis that never costs an answer: whatever Redis does, requests go on at their usual pace."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from recsys_core.errors import ParameterError
from serving.cache.breaker import Breaker
from serving.cache.frame import HEADER_BYTES, framed, unframed
from serving.cache.interface import Cache, Clock, Count, Outcome, count_nothing
from serving.cache.rare_log import RareLog
from serving.cache.redis_errors import kind_of

__all__ = ["PREFIX", "RedisCache"]

T = TypeVar("T")
PREFIX = "recsys:"
"""Begins every key in Redis, so that the database can be shared."""
_LONGEST_TTL = 30 * 24 * 3600.0
_CLEAR_SECONDS = 10.0
_CLOSE_SECONDS = 1.0


class RedisCache:
    """Values in Redis under ``recsys:<key>``, framed with a checksum; at most ``max_value_bytes`` each.

    url       redis://, rediss:// or unix://, with password and database if needed
    timeout   seconds that one call may wait for Redis, all in all
    fallback  keeps and finds entries when Redis cannot; None: they are lost

    A call that fails opens a circuit: from then on Redis is left alone, and only a trial beside the requests, after
    1, 2, 4 … 30 seconds, asks whether it is back. So only calls under way when Redis begins to hang wait for
    ``timeout``. Writing has a circuit of its own, for a Redis that is full or a replica can still be read.
    """

    name = "redis"

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 0.05,
        max_value_bytes: int = 1024 * 1024,
        max_connections: int = 32,
        fallback: Cache | None = None,
        count: Count = count_nothing,
        clock: Clock = time.monotonic,
    ) -> None:
        if not timeout > 0 or max_value_bytes < 1:
            raise ParameterError(f"timeout is {timeout}, max_value_bytes {max_value_bytes}; expected both above 0")
        self._client = Redis.from_pool(_pool(url, timeout, max_connections))
        self._timeout, self._max_value_bytes = timeout, max_value_bytes
        self._fallback, self._count = fallback, count
        self._reading, self._writing = Breaker(clock), Breaker(clock)
        self._log = RareLog(clock)
        self._trial: asyncio.Task[None] | None = None

    @property
    def is_out(self) -> bool:
        """Whether Redis is being left alone."""
        return self._reading.is_open

    async def get(self, key: str) -> bytes | None:
        value = await self._read(key) if self._may_ask() else None
        if value is None and self._fallback is not None:
            value = await self._fallback.get(key)
        self._count("miss" if value is None else "hit")
        return value

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        if not ttl > 0:
            return
        if len(value) > self._max_value_bytes:
            self._count("too_large")
            return
        stored = await self._write(key, value, ttl) if self._may_ask() else False
        if not stored and self._fallback is not None:
            await self._fallback.set(key, value, ttl)

    async def clear(self) -> None:
        """Also waits for longer than ``timeout``, since Redis looks through all its keys."""
        if self._fallback is not None:
            await self._fallback.clear()
        if self._may_ask():
            try:
                async with asyncio.timeout(_CLEAR_SECONDS):
                    async for name in self._client.scan_iter(match=PREFIX + "*", count=1000):
                        await self._client.unlink(name)
            except Exception as error:
                self._failed(error, "not cleared")

    async def close(self) -> None:
        if self._trial is not None:
            self._trial.cancel()
            await asyncio.gather(self._trial, return_exceptions=True)
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._client.aclose()
                await self._client.connection_pool.disconnect()
        except Exception as error:
            self._log.warning("close", "connections to Redis not closed", reason=kind_of(error))
        if self._fallback is not None:
            await self._fallback.close()

    def _may_ask(self) -> bool:
        if not self._reading.is_open:
            return True
        self._count("skipped")
        if self._reading.trial_is_due():
            self._trial = asyncio.create_task(self._try_again())
        return False

    async def _read(self, key: str) -> bytes | None:
        try:
            # a range: of whatever lies under our key, no more than our largest value is fetched
            found = await self._in_time(self._client.getrange(PREFIX + key, 0, HEADER_BYTES + self._max_value_bytes))
        except Exception as error:
            self._failed(error, "not read")
            return None
        if not found:
            return None
        value = unframed(key, found) if isinstance(found, bytes) else None
        if value is None:
            self._count("rubbish")
            self._log.warning("rubbish", "found in Redis what was not written by this program", key=PREFIX + key)
        return value

    async def _write(self, key: str, value: bytes, ttl: float) -> bool:
        if self._writing.is_open and not self._writing.trial_is_due():
            self._count("skipped")
            return False
        milliseconds = max(1, int(1000 * min(ttl, _LONGEST_TTL)))
        trial = self._writing.is_open
        try:
            await self._in_time(self._client.set(PREFIX + key, framed(key, value), px=milliseconds))
        except Exception as error:
            self._failed(error, "not written", writing=True, trial=trial)
            return False
        if self._writing.succeeded():
            self._log.warning("written again", "Redis can be written again")
        self._count("stored")
        return True

    async def _try_again(self) -> None:
        """A small read beside the requests; ends the outage or lengthens the pause."""
        try:
            await self._in_time(self._client.getrange(PREFIX + "trial", 0, 0))
        except Exception as error:
            self._failed(error, "still out", trial=True)
        else:
            if self._reading.succeeded():
                self._log.warning("back", "Redis is back")

    async def _in_time(self, answer: Awaitable[T]) -> T:
        async with asyncio.timeout(self._timeout):
            return await answer

    def _failed(self, error: Exception, event: str, *, writing: bool = False, trial: bool = False) -> None:
        kind = kind_of(error)
        self._count(kind)
        pauses = self._whom_to_pause(kind, writing)
        if pauses is not None:
            pauses.failed(trial=trial)
        # of redis-py's messages only the kind is passed on: an address may carry a password
        self._log.warning(kind, f"Redis: {event}; answers go on without it", reason=kind)

    def _whom_to_pause(self, kind: Outcome, writing: bool) -> Breaker | None:
        if kind == "wrong_type":
            return None  # this one key; the next write replaces it
        if writing and kind in {"full", "read_only", "server", "auth"}:
            return self._writing
        return self._reading


def _pool(url: str, timeout: float, max_connections: int) -> BlockingConnectionPool:
    try:
        found: dict[str, Any] = dict(parse_url(url))
        ours = {
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            "retry": Retry(NoBackoff(), 0),
            "decode_responses": False,
            "protocol": 2,
            "driver_info": None,  # saves two calls for each new connection
        }
        return BlockingConnectionPool(**(found | ours), max_connections=max_connections, timeout=timeout)
    except (ValueError, TypeError) as error:
        # its text may repeat the address, password included
        raise ParameterError(
            "the address of Redis cannot be used; expected redis://[[user]:password@]host[:port][/database], "
            f"rediss://… or unix:///path ({type(error).__name__})"
        ) from None
