"""Art of many movies at once, never in the way of the page."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final

from ui.tmdb.art import Art
from ui.tmdb.cache import ArtCache
from ui.tmdb.client import TmdbClient, TmdbError, TmdbRefusedError, TmdbUnreachableError

__all__ = ["Artwork"]

_LOG: Final = logging.getLogger(__name__)
_PAUSE: Final = 60.0


class Artwork:
    """Looks in the cache first, asks TMDB for the rest side by side, and gives up waiting after ``patience``.

    What comes too late is kept for the next look at the page. After a refused key nothing is asked any more; while
    TMDB cannot be reached, nothing is asked for a minute. Without a client (no key) nothing is ever asked.
    """

    def __init__(
        self,
        client: TmdbClient | None,
        cache: ArtCache,
        *,
        patience: float = 3.0,
        n_workers: int = 8,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._cache = cache
        self._patience = patience
        self._clock = clock
        self._workers = ThreadPoolExecutor(n_workers, thread_name_prefix="tmdb")
        self._lock = threading.Lock()
        self._under_way: dict[int, Future[Art | None]] = {}
        self._silent_until = 0.0

    @property
    def active(self) -> bool:
        """Whether pictures of TMDB can appear, and so its attribution must."""
        return self._client is not None

    def close(self) -> None:
        """Stop asking."""
        self._workers.shutdown(wait=True, cancel_futures=True)
        if self._client is not None:
            self._client.close()

    def deadline(self) -> float:
        """When somebody who begins to wait now gives up; for several calls of ``find`` that share one patience."""
        return self._clock() + self._patience

    def find(self, tmdb_ids: Iterable[int | None], deadline: float | None = None) -> dict[int, Art]:
        """Art by tmdb_id, of those movies that have some and where it came in time.

        deadline  from :meth:`deadline`; what is in the cache is found after it, too. None: a patience of its own.
        """
        wanted = sorted({tmdb_id for tmdb_id in tmdb_ids if tmdb_id is not None})
        if self._client is None or not wanted:
            return {}
        known = self._cache.get(wanted)
        missing = [tmdb_id for tmdb_id in wanted if tmdb_id not in known]
        futures = {tmdb_id: self._ask(tmdb_id) for tmdb_id in missing} if self._clock() >= self._silent_until else {}
        until = self.deadline() if deadline is None else deadline
        wait(futures.values(), timeout=max(0.0, until - self._clock()))
        for tmdb_id, future in futures.items():
            if future.done() and not future.cancelled():
                known[tmdb_id] = future.result()
        return {tmdb_id: art for tmdb_id, art in known.items() if art is not None}

    def _ask(self, tmdb_id: int) -> Future[Art | None]:
        """One question at a time about a movie, whoever asks."""
        with self._lock:
            if tmdb_id not in self._under_way:
                self._under_way[tmdb_id] = self._workers.submit(self._fetch, tmdb_id)
            return self._under_way[tmdb_id]

    def _fetch(self, tmdb_id: int) -> Art | None:
        try:
            if self._client is None or self._clock() < self._silent_until:
                return None
            art = self._client.movie(tmdb_id)
        except TmdbRefusedError as error:
            self._be_silent(float("inf"), f"{error}; posters are drawn")
        except TmdbUnreachableError as error:
            self._be_silent(self._clock() + _PAUSE, f"{error}; posters are drawn for the next {_PAUSE:.0f} s")
        except TmdbError as error:
            _LOG.info("no poster of movie %d: %s", tmdb_id, error)
        else:
            self._cache.put(tmdb_id, art)
            return art
        finally:
            with self._lock:
                self._under_way.pop(tmdb_id, None)
        return None

    def _be_silent(self, until: float, why: str) -> None:
        with self._lock:
            if self._clock() < self._silent_until:
                return  # a question that was under way with the one that has said so
            self._silent_until = until
        _LOG.warning("%s", why)
