"""Events written in the background: an answer never waits for the disk."""

import queue
import threading
from types import TracebackType
from typing import Self

import structlog

from recsys_core.errors import RecsysError
from serving.events.event import StoredEvent
from serving.events.store import EventStore

__all__ = ["Recorder"]

_log = structlog.get_logger("serving.events")


class Recorder:
    """Takes events at once and writes them from a thread of its own, many in one transaction.

    For what may be lost without harm (exposures); ratings go through :meth:`EventStore.append`. When more than
    ``capacity`` events wait, new ones are dropped and counted: slow storage costs events, never an answer.
    """

    def __init__(self, store: EventStore, *, capacity: int = 10_000, batch: int = 1_000) -> None:
        self._store = store
        self._batch = batch
        self._waiting: queue.Queue[StoredEvent | None] = queue.Queue(maxsize=capacity)
        self._counting = threading.Lock()
        self._n_dropped = self._n_failed = self._n_written = 0
        self._closed = False
        self._writer = threading.Thread(target=self._write_until_closed, name="event-recorder", daemon=True)
        self._writer.start()

    @property
    def n_dropped(self) -> int:
        """Events that found the queue full, or the recorder closed."""
        return self._n_dropped

    @property
    def n_failed(self) -> int:
        """Events that the store refused."""
        return self._n_failed

    @property
    def n_written(self) -> int:
        return self._n_written

    @property
    def n_waiting(self) -> int:
        return self._waiting.qsize()

    def record(self, event: StoredEvent) -> bool:
        """Take ``event`` for writing, without waiting; False if it was dropped."""
        with self._counting:
            if self._closed or self._waiting.full():
                self._n_dropped += 1
                return False
            self._waiting.put_nowait(event)  # nobody else puts while the lock is held, so there is room
            return True

    def flush(self) -> None:
        """Return when everything recorded so far was written or has failed."""
        self._waiting.join()

    def close(self, timeout: float = 10.0) -> None:
        """Write what waits, then stop. After ``timeout`` seconds the rest is given up. Closing twice is allowed."""
        with self._counting:
            first, self._closed = not self._closed, True
        if first:
            try:
                self._waiting.put(None, timeout=timeout)
            except queue.Full:
                _log.warning("events given up", n_events=self.n_waiting, reason="the store is stuck")
                return
        self._writer.join(timeout)
        if self._writer.is_alive():
            _log.warning("events given up", n_events=self.n_waiting, reason=f"still writing after {timeout:g} s")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _write_until_closed(self) -> None:
        while (taken := self._take())[-1] is not None:
            self._write(taken)
        self._write(taken)

    def _take(self) -> list[StoredEvent | None]:
        """At least one event, waiting for it, and all others that are there; None, the end, comes last."""
        taken = [self._waiting.get()]
        while taken[-1] is not None and len(taken) < self._batch:
            try:
                taken.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return taken

    def _write(self, taken: list[StoredEvent | None]) -> None:
        new = [event for event in taken if event is not None]
        try:
            self._store.append(new)
            self._n_written += len(new)
        except RecsysError as error:
            self._n_failed += len(new)
            _log.warning("events lost", n_events=len(new), error=str(error))
        except Exception:  # the thread must outlive whatever one batch meets
            self._n_failed += len(new)
            _log.exception("events lost", n_events=len(new))
        finally:
            for _ in taken:
                self._waiting.task_done()
