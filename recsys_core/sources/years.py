"""Half-lives in years, for data that span years and for data that span weeks."""

from typing import Final

__all__ = ["YEAR", "usual_years"]

YEAR: Final = 365.25 * 86_400
"""In seconds."""
_YEARS: Final = 4.0


def usual_years(years: float, span: float) -> float:
    """``years``, or as much less as the ``span`` of the data, in seconds, is below four years.

    By years all of some weeks would be of one time. Without any span, that is without times, there is nothing to scale.
    """
    return years * min(1.0, span / (_YEARS * YEAR) or 1.0)
