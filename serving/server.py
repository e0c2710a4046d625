"""One server: its models, cache, events and threads, started and stopped together."""

import asyncio
import contextlib
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import structlog
from cachetools import TTLCache
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from recsys_core.errors import RecsysError
from registry.versions import ModelVersion
from serving.cache import Cache, make_cache
from serving.errors import NotReadyError, NotRenewedError, OverloadedError, TooSlowError
from serving.events import EventStore, Recorder, export_ratings
from serving.experiments import Experiments, load_experiments
from serving.given_ratings import GivenRatings
from serving.metrics import Metrics
from serving.models import ModelShelf, Served
from serving.models.shelf import CHAMPION, Source
from serving.settings import ServingSettings

__all__ = ["Records", "Server"]

T = TypeVar("T")


class Records(Protocol):
    """What is on record about versions; see :class:`registry.records.ModelRecords`."""

    def versions(self) -> list[ModelVersion]: ...

    def plots(self, version: ModelVersion) -> list[str]: ...

    def plot(self, version: ModelVersion, name: str) -> bytes | None: ...


_log = structlog.get_logger("serving")
_WORKERS = 2
_CATCH_UP_SECONDS = 1.0
_EXPOSED_SECONDS, _EXPOSED_PEOPLE = 3600.0, 100_000


class Server:
    """All that requests share. :meth:`start` and :meth:`stop` are called once, by the application."""

    def __init__(self, settings: ServingSettings, source: Source, records: Records) -> None:
        self.settings, self.records = settings, records
        self.metrics = Metrics()
        self.experiments = load_experiments(settings.experiments_file) if settings.experiments_file else Experiments()
        self.shelf = ModelShelf(
            source,
            lambda: self.experiments.models(datetime.now(UTC)),
            on_failure=lambda kind: self.metrics.model_failures.labels(kind).inc(),
        )
        self.store = EventStore.open(settings.events_address)
        self.given = GivenRatings(self.store)
        self.exposures = Recorder(self.store)
        self.cache: Cache = make_cache(
            settings.redis_url or None, count=lambda outcome: self.metrics.cache.labels(outcome).inc()
        )
        self._answering = ThreadPoolExecutor(_WORKERS, thread_name_prefix="answer")
        # Apart from one another: a registry that hangs must not hold up feedback, nor anything the answers.
        self._storing = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._following = ThreadPoolExecutor(1, thread_name_prefix="follow")
        self._looking_up = ThreadPoolExecutor(2, thread_name_prefix="records")
        self._exposed: TTLCache[Hashable, bool] = TTLCache(_EXPOSED_PEOPLE, _EXPOSED_SECONDS)
        self._tasks: list[asyncio.Task[None]] = []
        self._n_waiting = 0
        self._dropped_at = -1
        self._blas: Any = None

    async def start(self) -> None:
        """Take over earlier ratings, then follow the registry; models load while the server answers /health."""
        self._blas = threadpool_limits(
            limits=1, user_api="blas"
        )  # answers are small; threads would wait for each other
        with contextlib.suppress(RecsysError):  # tried again every second; lists do not wait for a store that is away
            await self.store_away(self.given.catch_up)
        repeated = [
            (self._following, self.settings.poll_seconds, "models", self.refresh),
            (self._storing, _CATCH_UP_SECONDS, "ratings", self.given.catch_up),
            (self._storing, self.settings.drop_seconds, "drop", self.write_drop),
        ]
        self._tasks = [asyncio.create_task(self._every(*one)) for one in repeated]

    async def stop(self) -> None:
        """Let what is being worked out end, write what is still in memory, close what is open."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._answering.shutdown(wait=True)
        self._storing.shutdown(wait=True)
        for pool in (self._following, self._looking_up):  # they may be waiting for a registry that does not answer
            pool.shutdown(wait=False, cancel_futures=True)
        self.exposures.close()
        with contextlib.suppress(RecsysError):
            self.given.catch_up()
            self.write_drop()
        await self.cache.close()
        self.store.close()
        if self._blas is not None:
            self._blas.restore_original_limits()
        _log.info("stopped")

    def is_new_exposure(self, exposure: Hashable) -> bool:
        """Whether this server has not stored it within the last hour."""
        if exposure in self._exposed:
            return False
        self._exposed[exposure] = True
        return True

    def champion(self) -> Served:
        """The model that answers; :class:`NotReadyError` while there is none."""
        served = self.shelf.get(CHAMPION)
        if served is None:
            raise NotReadyError(self.shelf.reason)
        return served

    def refresh(self, *, force: bool = False) -> bool:
        """Look the aliases up and load what has changed; blocks."""
        changed = self.shelf.refresh(force=force)
        if changed:
            self.metrics.model_loaded.clear()
            for reference, served in self.shelf.all().items():
                self.metrics.model_loaded.labels(reference, served.version).set(1)
        return changed

    def write_drop(self) -> None:
        """Ratings that people gave, as a file for the next training run, when there are new ones."""
        newest = self.given.last_id
        if newest != self._dropped_at and newest > 0:
            export_ratings(self.store, self.settings.ratings_drop)
            self._dropped_at = newest

    async def work_out(self, answer: Callable[[], T]) -> T:
        """``answer()`` in one of the threads for answers, within the time and the queue that the settings allow."""
        if self._n_waiting >= self.settings.max_waiting:
            self.metrics.refused.labels("overloaded").inc()
            raise OverloadedError("too many answers are being worked out; try again in a second")
        self._n_waiting += 1
        self.metrics.waiting.set(self._n_waiting)
        future = asyncio.get_running_loop().run_in_executor(self._answering, answer)
        future.add_done_callback(self._worked_out)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self.settings.answer_seconds)
        except TimeoutError:
            self.metrics.refused.labels("too_slow").inc()
            raise TooSlowError(f"the answer took longer than {self.settings.answer_seconds:g} seconds") from None

    def _worked_out(self, future: "asyncio.Future[Any]") -> None:
        self._n_waiting -= 1
        self.metrics.waiting.set(self._n_waiting)
        _look_at(future)

    async def store_away(self, work: Callable[[], T]) -> T:
        """``work`` with the store of events, one after the other."""
        return await self._in_time(self._storing, work)

    async def look_up(self, work: Callable[[], T]) -> T:
        """``work`` with the registry."""
        return await self._in_time(self._looking_up, work)

    async def follow_now(self) -> bool:
        """Look the aliases up at once, what has failed before included; :class:`NotRenewedError` for what fails now."""

        def look() -> bool:
            changed = self.refresh(force=True)
            if faults := self.shelf.faults:
                raise NotRenewedError(". ".join(faults))
            return changed

        return await asyncio.get_running_loop().run_in_executor(self._following, look)

    async def _in_time(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        future = asyncio.get_running_loop().run_in_executor(pool, work)
        future.add_done_callback(_look_at)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self.settings.answer_seconds)
        except TimeoutError:
            raise TooSlowError(f"the answer took longer than {self.settings.answer_seconds:g} seconds") from None

    async def _every(self, pool: ThreadPoolExecutor, seconds: float, name: str, work: Callable[[], Any]) -> None:
        said = ""
        while True:
            try:
                await asyncio.get_running_loop().run_in_executor(pool, work)
                said = ""
            except Exception as error:  # a full disk or a store that is away must not end the loop
                if str(error) != said:
                    said = str(error)
                    _log.warning("background work failed", work=name, error=said)
            await asyncio.sleep(seconds)


def _look_at(future: "asyncio.Future[Any]") -> None:
    """Take note of how it ended: nobody may be waiting for it any more."""
    if not future.cancelled():
        future.exception()
