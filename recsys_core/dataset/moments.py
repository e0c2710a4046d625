"""The units in which files count moments since 1970."""

from typing import Final

__all__ = ["PER_SECOND", "unit_of"]

PER_SECOND: Final = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
_LEAST, _BEYOND = 1e8, 1e11  # seconds of a moment since 1973


def unit_of(moment: float) -> str:
    """The unit in which ``moment`` is one of our time; "" where it is in none."""
    return next((name for name, count in PER_SECOND.items() if _LEAST * count <= moment < _BEYOND * count), "")
