"""Work on blocks of rows, on all cores where NumPy, SciPy and BLAS let other threads go on."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

__all__ = ["in_blocks"]

T = TypeVar("T")


def in_blocks(n_rows: int, block: int, work: Callable[[int, int], T], *, threads: int | None = None) -> Iterator[T]:
    """``work(start, stop)`` of each block of at most ``block`` of ``n_rows``, in order, whatever is done first.

    BLAS keeps to one thread in each, so that sums are the same on any number of cores.

    threads  by default as many as the process may use; at most twice as many results wait at a time
    """
    threads = threads or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    bounds = [(start, min(start + block, n_rows)) for start in range(0, n_rows, block)]
    with threadpool_limits(limits=1, user_api="blas"):
        for start, stop in bounds[:1]:  # alone: what is computed once and kept is not computed by every thread
            yield work(start, stop)
        with ThreadPoolExecutor(threads) as pool:
            waiting: deque[Future[T]] = deque()
            for start, stop in bounds[1:]:
                waiting.append(pool.submit(work, start, stop))
                if len(waiting) >= 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
