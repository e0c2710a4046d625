"""A search in its run: trials as steps of metric histories, written while it goes on, and as one table."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from recsys_core.tuning import Trial
from registry.run_log import Point, RunLog

__all__ = ["searching", "trials_table"]

_SEARCH_TO_WRITING = 50  # seconds of search for each second of writing: at most 2 % goes into it


@contextmanager
def searching(
    log: RunLog, *, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[Trial, int, Trial], None]]:
    """What to call after each trial of the search in the block: it becomes the next step of two histories of its stage,
    ``tuning/STAGE.value`` and ``tuning/STAGE.best`` so far. MLflow's pages group by what stands before the slash.

    Trials are gathered until the search has gone on for 50 times as long as the last call to the store took; the rest
    is written at the end. Steps that the run has already, of a search that was taken up again, are not written twice.
    """
    writer = _Writer(log, clock)
    yield writer.trial
    writer.flush()


class _Writer:
    def __init__(self, log: RunLog, clock: Callable[[], float]) -> None:
        self._log, self._clock = log, clock
        self._waiting: list[Point] = []
        self._written: dict[str, int] = {}  # the last step of each stage that the run has
        started = clock()
        self._known = log.metric_names()
        self._sent = clock()
        self._cost = self._sent - started

    def trial(self, trial: Trial, n_trials: int, best: Trial) -> None:
        value, best_so_far = f"tuning/{trial.stage}.value", f"tuning/{trial.stage}.best"
        if trial.stage not in self._written:
            self._written[trial.stage] = self._log.last_step(value) if value in self._known else -1
        if trial.number <= self._written[trial.stage]:
            return
        now = int(time.time() * 1000)
        self._waiting += [
            Point(value, trial.value, trial.number, now),
            Point(best_so_far, best.value, trial.number, now),
        ]
        if self._clock() - self._sent > _SEARCH_TO_WRITING * self._cost:
            self.flush()

    def flush(self) -> None:
        started = self._clock()
        self._log.points(self._waiting)
        self._waiting = []
        self._sent = self._clock()
        self._cost = self._sent - started


def trials_table(trials: Sequence[Trial]) -> dict[str, list[Any]]:
    """The columns of all trials: stage, number, value, seconds, and each parameter that any stage has tuned."""
    names = dict.fromkeys(name for trial in trials for name in trial.params)
    return {
        "stage": [trial.stage for trial in trials],
        "trial": [trial.number for trial in trials],
        "validation_ndcg@10": [trial.value for trial in trials],
        "seconds": [round(trial.seconds, 3) for trial in trials],
        **{name: [trial.params.get(name) for trial in trials] for name in names},
    }
