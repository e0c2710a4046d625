"""What sources say of a few people, remembered while several models are asked about the same ones."""

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_core.histories import Histories
from recsys_core.sources.source import Entry, Scores, Source, raw_scores

__all__ = ["Entries"]


class Entries:
    """Entries of the histories that a thread has asked for last: models that share sources ask them once."""

    def __init__(self) -> None:
        self._last = threading.local()

    def of(self, source: Source, histories: Histories, asked: NDArray[np.int64]) -> Entry:
        """What ``source`` says of the users ``asked`` (their row numbers, ascending); nobody may change it."""
        if getattr(self._last, "histories", None) is not histories:
            self._last.histories, self._last.found = histories, {}
        found: dict[Any, Entry] = self._last.found
        key = (id(source), asked.tobytes())
        if key not in found:
            found[key] = source.enter(histories.only(asked))
        return found[key]

    def scores(self, source: Source, histories: Histories) -> Scores:
        """Raw scores of ``source``, float32 of shape (n_users, n_items); nobody may change them."""
        return raw_scores(source, self.of(source, histories, np.arange(histories.n_users)))
