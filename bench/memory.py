"""Memory of a process and its children while they run, as Linux counts it."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["Sample", "sampling", "tree_mib"]

Sample = tuple[float, float]
"""Seconds since 1970, and MiB."""
_EVERY = 0.2  # seconds


def tree_mib(pid: int) -> float:
    """The proportional set size of a process and all its descendants: what they share counts once."""
    found = 0.0
    with suppress(OSError):  # it has ended
        told = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        found = next((int(line.split()[1]) / 1024 for line in told.splitlines() if line.startswith("Pss:")), 0.0)
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += sum(map(tree_mib, map(int, (task / "children").read_text(encoding="ascii").split())))
    return found


@contextmanager
def sampling(pid: int) -> Iterator[Sequence[Sample]]:
    """Samples of :func:`tree_mib` that grow during the block."""
    samples: list[Sample] = []
    over = threading.Event()

    def sample() -> None:
        while not over.is_set():
            samples.append((time.time(), tree_mib(pid)))
            over.wait(_EVERY)

    thread = threading.Thread(target=sample, name="memory")
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()
