"""The units in which files count moments since 1970, and the notations in which they write dates."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

__all__ = ["FORMS", "PER_SECOND", "moment_of", "unit_of"]

PER_SECOND: Final = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
FORMS: Final = (
    "%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S %z", "%d.%m.%Y", "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S", "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%b %d, %Y", "%B %d, %Y", "%d %b %Y",
    "%d %B %Y",
)  # fmt: skip
"""Of dates besides ISO 8601, as :func:`time.strptime` has them: none that could be read as another day."""
_LEAST, _BEYOND = 1e8, 1e11  # seconds of a moment since 1973


def unit_of(moment: float) -> str:
    """The unit in which ``moment`` is one of our time; "" where it is in none."""
    return next((name for name, count in PER_SECOND.items() if _LEAST * count <= moment < _BEYOND * count), "")


def moment_of(text: str, forms: Sequence[str] = FORMS) -> datetime | None:
    """The date that ``text`` is, as ISO 8601 or one of ``forms`` writes it, of UTC where it names no zone."""
    if text.isdecimal():  # eight digits alone are no date
        return None
    found = _read(datetime.fromisoformat, text) if "-" in text[1:] else None
    for form in forms if found is None else ():
        if (found := _read(datetime.strptime, text, form)) is not None:
            break
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def _read(reader: Callable[..., datetime], *written: str) -> datetime | None:
    try:
        return reader(*written)
    except ValueError:
        return None
