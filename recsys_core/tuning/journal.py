"""Finished trials on disk, in Optuna's journal format, so that Optuna's own tools can read them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from recsys_core.errors import StorageError
from recsys_core.tuning.space import StageSpace
from recsys_core.tuning.trials import Trial, frozen_trial, quiet_optuna

if TYPE_CHECKING:
    import optuna

__all__ = ["Journal"]


class Journal:
    """A journal file with one study per stage and search; only finished trials are ever written.

    A study's name ends in a digest of everything that determines its values, so trials of another search space,
    other data or other parameters are never taken up. A line that a killed process left half-written is cut off.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        _cut_torn_line(path)
        self._storage = self._open()

    def read(self, space: StageSpace, key: str) -> list[Trial]:
        """The finished trials 0, 1, … of this search, as far as they are unbroken."""
        import optuna

        name = _study_name(space, key)
        studies = {study.study_name: study._study_id for study in self._storage.get_all_studies()}
        if name not in studies:
            return []
        done = self._storage.get_all_trials(studies[name], states=(optuna.trial.TrialState.COMPLETE,))
        trials: list[Trial] = []
        for stored in sorted(done, key=lambda trial: trial.number):
            if stored.user_attrs.get("number") == len(trials) and stored.value is not None:
                seconds = float(stored.user_attrs.get("seconds", 0.0))
                trials.append(Trial(space.stage, len(trials), stored.params, stored.value, seconds))
        return trials

    def append(self, space: StageSpace, key: str, trial: Trial) -> None:
        """Add one finished trial; it is on disk when this returns."""
        import optuna

        with quiet_optuna():
            study = optuna.create_study(
                study_name=_study_name(space, key), storage=self._storage, direction="maximize", load_if_exists=True
            )
            study.add_trial(frozen_trial(space, trial))

    def _open(self) -> "optuna.storages.JournalStorage":
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        lock: Any = _ProcessLock(self._path)  # Optuna does not export the base class of its locks
        try:
            return JournalStorage(JournalFileBackend(str(self._path), lock_obj=lock))
        except (json.JSONDecodeError, ValueError, KeyError, TypeError, OSError) as error:
            raise StorageError(
                f"{self._path}: is not a readable journal of trials ({error}); delete it to tune from the start"
            ) from error


class _ProcessLock:
    """A lock that the system releases when its process dies; Optuna's own would outlive a SIGKILL."""

    def __init__(self, path: Path) -> None:
        self._lock = FileLock(f"{path}.writing")  # Optuna's own tools take .lock, a file that must not exist

    def acquire(self) -> bool:
        self._lock.acquire()
        return True

    def release(self) -> None:
        self._lock.release()


def _study_name(space: StageSpace, key: str) -> str:
    return f"{space.stage}-{space.digest(key)}"


def _cut_torn_line(path: Path) -> None:
    """Shorten the file to its last line end; the next line would otherwise be glued to half a line."""
    if not path.exists():
        return
    with path.open("r+b") as opened:
        content = opened.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            opened.truncate(whole)
