"""Work on several threads, on all cores where NumPy, SciPy, BLAS and pyarrow let other threads go on."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from typing import Final, TypeVar

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

__all__ = ["in_blocks", "on_one_core", "side_by_side"]

Item = TypeVar("Item")
T = TypeVar("T")
_NAME: Final = "side-by-side"
_FIRST: Final = 8  # times smaller than the others is the block that comes first


def side_by_side(work: Callable[[Item], T], items: Iterable[Item], *, threads: int | None = None) -> Iterator[T]:
    """``work`` of each of ``items``, given in order, at most twice as many ahead of what is taken as there are threads.

    A single item is done by the thread that asks; so is all that one of these threads asks for in its turn, for the
    cores have work already.

    threads  by default as many as the process may use
    """
    rest = iter(items)
    first = list(islice(rest, 2))
    if len(first) < 2 or threading.current_thread().name.startswith(_NAME):
        yield from map(work, chain(first, rest))
        return
    threads = threads or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    with ThreadPoolExecutor(threads, thread_name_prefix=_NAME) as pool:
        waiting: deque[Future[T]] = deque()
        for item in chain(first, rest):
            waiting.append(pool.submit(work, item))
            if len(waiting) >= 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def in_blocks(n_rows: int, block: int, work: Callable[[int, int], T], *, threads: int | None = None) -> Iterator[T]:
    """``work(start, stop)`` of each block of at most ``block`` of ``n_rows``, :func:`side_by_side`.

    BLAS keeps to one thread in each, so that sums are the same on any number of cores.
    """
    # The first block runs alone, and is small: what it computes once is there for the other threads.
    first = n_rows if n_rows <= block else max(1, block // _FIRST)
    bounds = [(start, min(start + block, n_rows)) for start in range(first, n_rows, block)]
    with threadpool_limits(limits=1, user_api="blas"):
        if n_rows:
            yield work(0, first)
        yield from side_by_side(lambda bound: work(*bound), bounds, threads=threads)


@contextmanager
def on_one_core() -> Iterator[None]:
    """What this thread asks for in the block is done by itself alone: other processes have the other cores."""
    thread = threading.current_thread()
    name, thread.name = thread.name, _NAME
    try:
        yield
    finally:
        thread.name = name
