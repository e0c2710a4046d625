"""Ctrl-C and SIGTERM: both unwind the command, and its exit code says which one it was."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

__all__ = ["raise_if_stopped", "stopped_by", "unwinding"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_noted: list[int] = []  # the reading end of the pipe of a command that is going on


@contextmanager
def unwinding() -> Iterator[None]:
    """Inside the block both signals raise KeyboardInterrupt, so that nothing half-written stays.

    The system notes their numbers in a pipe: while a run goes on, Dagster has handlers of its own in place.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # of a command in the background
            signal.signal(number, _raise)
    woken_before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    _noted.append(reading)
    try:
        yield
    finally:
        _noted.remove(reading)
        signal.set_wakeup_fd(woken_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)


def stopped_by() -> signal.Signals | None:
    """The signal that came since this was last asked."""
    with suppress(BlockingIOError, IndexError):
        came = [number for number in os.read(_noted[-1], 1000) if number in _SIGNALS]
        return signal.Signals(came[-1]) if came else None
    return None


def raise_if_stopped() -> None:
    """For what may have ended by a signal without saying so, as a run of Dagster does: it is a failed one then."""
    number = stopped_by()
    if number is not None:
        signal.raise_signal(number)


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
