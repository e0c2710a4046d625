"""One server: its models, cache, events and threads, started and stopped together."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import structlog
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from recsys_core.errors import RecsysError
from registry.versions import ModelVersion
from serving.cache import Cache, make_cache
from serving.errors import NotReadyError, OverloadedError, TooSlowError
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


class Server:
    """All that requests share. :meth:`start` and :meth:`stop` are called once, by the application."""

    def __init__(self, settings: ServingSettings, source: Source, records: Records) -> None:
        self.settings, self.records = settings, records
        self.metrics = Metrics()
        self.experiments = load_experiments(settings.experiments_file) if settings.experiments_file else Experiments()
        self.shelf = ModelShelf(
            source,
            self.experiments.models,
            on_failure=lambda kind: self.metrics.model_failures.labels(kind).inc(),
        )
        self.store = EventStore.open(settings.events_address)
        self.given = GivenRatings(self.store)
        self.exposures = Recorder(self.store)
        self.cache: Cache = make_cache(
            settings.redis_url or None, count=lambda outcome: self.metrics.cache.labels(outcome).inc()
        )
        self._answering = ThreadPoolExecutor(_WORKERS, thread_name_prefix="answer")
        self._background = ThreadPoolExecutor(2, thread_name_prefix="background")
        self._tasks: list[asyncio.Task[None]] = []
        self._n_waiting = 0
        self._dropped_at = -1
        self._blas: Any = None

    async def start(self) -> None:
        """Take over earlier ratings, then follow the registry; models load while the server answers /health."""
        self._blas = threadpool_limits(
            limits=1, user_api="blas"
        )  # answers are small; threads would wait for each other
        await self.in_background(self.given.catch_up)
        self._tasks = [
            asyncio.create_task(self._every(self.settings.poll_seconds, "models", self.refresh)),
            asyncio.create_task(self._every(_CATCH_UP_SECONDS, "ratings", self.given.catch_up)),
            asyncio.create_task(self._every(self.settings.drop_seconds, "drop", self.write_drop)),
        ]

    async def stop(self) -> None:
        """Let what is being worked out end, write what is still in memory, close what is open."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._answering.shutdown(wait=True)
        self.exposures.close()
        with contextlib.suppress(RecsysError):
            self.given.catch_up()
            self.write_drop()
        self._background.shutdown(wait=True)
        await self.cache.close()
        self.store.close()
        if self._blas is not None:
            self._blas.restore_original_limits()
        _log.info("stopped")

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
        if not future.cancelled():
            future.exception()  # looked at: nobody may be waiting for it any more

    async def in_background(self, work: Callable[[], T]) -> T:
        """Blocking ``work`` beside the answers."""
        return await asyncio.get_running_loop().run_in_executor(self._background, work)

    async def _every(self, seconds: float, name: str, work: Callable[[], Any]) -> None:
        said = ""
        while True:
            try:
                await self.in_background(work)
                said = ""
            except Exception as error:  # a full disk or a store that is away must not end the loop
                if str(error) != said:
                    said = str(error)
                    _log.warning("background work failed", work=name, error=said)
            await asyncio.sleep(seconds)
