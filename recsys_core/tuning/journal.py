"""Finished trials on disk, in Optuna's journal format, so that Optuna's own tools can read them."""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from recsys_core.errors import StorageError
from recsys_core.tuning.space import StageSpace
from recsys_core.tuning.trials import Trial, frozen_trial, quiet_optuna

if TYPE_CHECKING:
    import optuna

__all__ = ["Journal", "open_journal"]

_LOG = logging.getLogger("recsys")
_ENDED = "ended"
_POLL_SECONDS = 0.1  # between two looks at whether the other search has ended


@contextmanager
def open_journal(path: Path) -> Iterator["Journal"]:
    """The journal in ``path``, for this search alone until the block ends; made if it is not there.

    While another process searches with the same file, this waits and says so once; it then finds the other's trials.
    The lock beside the file, ``<name>.writing``, is the system's: it ends with a process that is killed.

    Raises :class:`StorageError` when the file is no journal.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{path}.writing")  # Optuna's own tools take .lock, a file that must not exist
    try:
        lock.acquire(blocking=False)
    except Timeout:
        _LOG.info("waiting for another run that tunes the same study (%s)", path.name)
        lock.acquire(poll_interval=_POLL_SECONDS)
    try:
        _cut_torn_line(path)
        yield Journal(path)
    finally:
        lock.release()


class Journal:
    """A journal file of one search, with a study for each stage; only finished trials are ever written.

    The file's owner answers for data, parameters and program text: other ones have another file. Within it, a study's
    name ends in a digest of the stage's space and of what earlier stages decided. Made by :func:`open_journal`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._storage = self._open()

    def read(self, space: StageSpace, decided: Sequence[object] = ()) -> list[Trial]:
        """The finished trials 0, 1, … of a stage, as far as they are unbroken.

        decided  JSON values that earlier stages chose, on which the stage's objective depends
        """
        import optuna

        study_id = self._study_id(space, decided)
        if study_id is None:
            return []
        done = self._storage.get_all_trials(study_id, states=(optuna.trial.TrialState.COMPLETE,))
        trials: list[Trial] = []
        for stored in sorted(done, key=lambda trial: trial.number):
            if stored.user_attrs.get("number") == len(trials) and stored.value is not None:
                seconds = float(stored.user_attrs.get("seconds", 0.0))
                trials.append(Trial(space.stage, len(trials), stored.params, stored.value, seconds))
        return trials

    def append(self, space: StageSpace, trial: Trial, decided: Sequence[object] = ()) -> None:
        """Add one finished trial; it is on disk when this returns."""
        import optuna

        with quiet_optuna():
            study = optuna.create_study(
                study_name=_study_name(space, decided), storage=self._storage, direction="maximize", load_if_exists=True
            )
            study.add_trial(frozen_trial(space, trial))

    def is_ended(self, space: StageSpace, decided: Sequence[object] = ()) -> bool:
        """Whether a stage has run out of time: it then stays as it is, and what followed from it, too."""
        study_id = self._study_id(space, decided)
        return study_id is not None and bool(self._storage.get_study_user_attrs(study_id).get(_ENDED))

    def end(self, space: StageSpace, decided: Sequence[object] = ()) -> None:
        """Note that a stage, of which there are trials, has run out of time."""
        study_id = self._study_id(space, decided)
        if study_id is not None:
            self._storage.set_study_user_attr(study_id, _ENDED, True)

    def _study_id(self, space: StageSpace, decided: Sequence[object]) -> int | None:
        name = _study_name(space, decided)
        return next((study._study_id for study in self._storage.get_all_studies() if study.study_name == name), None)

    def _open(self) -> "optuna.storages.JournalStorage":
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        lock: Any = _AlreadyLocked()  # Optuna does not export the base class of its locks
        try:
            return JournalStorage(JournalFileBackend(str(self._path), lock_obj=lock))
        except (json.JSONDecodeError, ValueError, KeyError, TypeError, OSError) as error:
            raise StorageError(
                f"{self._path}: is not a readable journal of trials ({error}); delete it to tune from the start"
            ) from error


class _AlreadyLocked:
    """What Optuna takes around each line: nothing, for the whole search holds the file. Its own outlives a SIGKILL."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


def _study_name(space: StageSpace, decided: Sequence[object]) -> str:
    return f"{space.stage}-{space.digest(*decided)}"


def _cut_torn_line(path: Path) -> None:
    """Shorten the file to its last line end; the next line would otherwise be glued to half a line."""
    if not path.exists():
        return
    with path.open("r+b") as opened:
        content = opened.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            opened.truncate(whole)
