"""Warnings that may be called for thousands of times a second, and are written twice a minute."""

from typing import Any

import structlog

from serving.cache.interface import Clock

__all__ = ["RareLog"]

_log = structlog.get_logger("serving.cache")


class RareLog:
    """Writes an event at most once in ``seconds`` for each subject, and how often it was held back meanwhile."""

    def __init__(self, clock: Clock, *, seconds: float = 30.0) -> None:
        self._clock, self._seconds = clock, seconds
        self._written_at: dict[str, float] = {}
        self._n_held_back: dict[str, int] = {}

    def warning(self, subject: str, event: str, **more: Any) -> None:
        now = self._clock()
        if now - self._written_at.get(subject, float("-inf")) < self._seconds:
            self._n_held_back[subject] = self._n_held_back.get(subject, 0) + 1
            return
        self._written_at[subject] = now
        _log.warning(event, **more, n_held_back=self._n_held_back.pop(subject, 0))
