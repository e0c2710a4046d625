"""Memory that is free within the process, given back to the machine."""

import ctypes
from collections.abc import Callable
from functools import cache

import pyarrow as pa

__all__ = ["return_freed_memory"]


def return_freed_memory() -> None:
    """Return what the allocators of C and Arrow keep of freed memory: it takes 10 ms for a gigabyte.

    They keep it for what comes next, in pieces that a large array does not fit into; after a large table has been read
    or a search has ended, several hundred megabytes stand idle beside what the next work needs. Where the C library has
    no ``malloc_trim`` (it is glibc's), Arrow's part alone is returned.
    """
    pa.default_memory_pool().release_unused()
    trim = _malloc_trim()
    if trim is not None:
        trim(0)


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # TypeError: Windows, where None names no library
        return None
    return found
