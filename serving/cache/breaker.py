"""When to leave a store alone that has failed, and when to try it again."""

from serving.cache.interface import Clock

__all__ = ["Breaker"]


class Breaker:
    """Closed: the store is used. Open: it is left alone until a pause is over; then one trial is due.

    Pauses double from ``first_pause`` to ``longest_pause`` seconds while trials fail, and also for a store that comes
    back only to fail again within ``longest_pause``.
    """

    def __init__(self, clock: Clock, *, first_pause: float = 1.0, longest_pause: float = 30.0) -> None:
        self._clock, self._first_pause, self._longest_pause = clock, first_pause, longest_pause
        self._pause = 0.0
        self._open_until: float | None = None
        self._closed_at = float("-inf")

    @property
    def is_open(self) -> bool:
        return self._open_until is not None

    def trial_is_due(self) -> bool:
        """True for the first who asks after a pause; a trial that says neither how it ended is repeated later."""
        if self._open_until is None or self._clock() < self._open_until:
            return False
        self._open_until = self._clock() + self._longest_pause
        return True

    def failed(self, *, trial: bool = False) -> bool:
        """Open; True when it was closed before. Calls that were under way when it opened change nothing."""
        now, was_closed = self._clock(), not self.is_open
        if was_closed or trial:
            lasting = was_closed and now - self._closed_at > self._longest_pause
            self._pause = (
                self._first_pause if lasting else min(max(2 * self._pause, self._first_pause), self._longest_pause)
            )
            self._open_until = now + self._pause
        return was_closed

    def succeeded(self) -> bool:
        """Close; True when it was open before."""
        was_open = self.is_open
        if was_open:
            self._open_until, self._closed_at = None, self._clock()
        return was_open
