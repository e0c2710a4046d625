"""Runs that are killed at every asset and every stage of tuning, in turn, in one home: a program of its own.

``python -m tests.end_to_end.dying_runs HOME DATA CONFIG LOG``. What takes long to import is imported once; each
attempt is a forked process that brings the pipeline up to date and is killed (SIGKILL, by itself, without any
warning) at the first place where no attempt before it died: at an asset with half of the value written or just
before the value becomes current, at a stage of tuning after two of its trials. The places are written to LOG, one
a line; the last attempt finds no new place and ends by itself.
"""

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

import assets.models
import assets.store
from assets.store import Store
from pipelines.cli import main

_MOST = 60


def attempt(home: Path, data: Path, config: Path, log: Path) -> None:
    """One run that dies at the first new place."""
    died_at = log.read_text().split() if log.exists() else []
    store_whole, say_trial = Store.put, assets.models._say_trial

    def die(place: str) -> NoReturn:
        with log.open("a") as opened:
            opened.write(place + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("still alive")

    def put(self: Store, asset: str, version: str, value: Any, **rest: Any) -> None:
        if asset in died_at:
            store_whole(self, asset, version, value, **rest)
        elif len(died_at) % 2:
            assets.store.write_json = lambda *_: die(asset)  # the value is there, its pointer is not
            store_whole(self, asset, version, value, **rest)
        else:
            _write_half(self.directory(asset, version), value)
            die(asset)

    def count_trial(trial: Any, n_trials: int, best: Any) -> None:
        place = f"trial-of-{trial.stage}"
        if trial.number == 1 and place not in died_at:
            die(place)
        say_trial(trial, n_trials, best)

    Store.put, assets.models._say_trial = put, count_trial  # type: ignore[method-assign]
    main(["run", "--data", str(data), "--home", str(home), "--config", str(config), "--json"])


def _write_half(directory: Path, value: Any) -> None:
    """What a process leaves that is killed while it writes: files cut short, under the temporary name."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".writing-{directory.name}-", dir=directory.parent))
    value.save(staging)
    for path in list(staging.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            path.unlink()  # it may be a hard link to a whole file
            path.write_bytes(content[: len(content) // 2])


def main_of_all(home: Path, data: Path, config: Path, log: Path) -> int:
    _import_all()
    for _ in range(_MOST):
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            attempt(home, data, config, log)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            return os.waitstatus_to_exitcode(status)
    return 99


def _import_all() -> None:
    import great_expectations  # noqa: F401
    import implicit.als  # noqa: F401
    import optuna  # noqa: F401

    import pipelines.definitions  # noqa: F401
    from registry.mlflow_library import import_mlflow

    import_mlflow()


if __name__ == "__main__":
    sys.exit(main_of_all(*map(Path, sys.argv[1:5])))
