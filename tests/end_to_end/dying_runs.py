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
from unittest import mock

from assets.materialising import Inputs
from assets.materialising.store import Store
from assets.presenting import say_trial
from pipelines.cli import main
from recsys_core.storage import write_json

_MOST = 60


def attempt(home: Path, data: Path, config: Path, log: Path) -> None:
    """One run that dies at the first new place."""
    died_at = log.read_text().split() if log.exists() else []
    store_whole = Store.put

    def die(place: str) -> NoReturn:
        with log.open("a") as opened:
            opened.write(place + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("still alive")

    def put(self: Store, inputs: Inputs, value: Any, **rest: Any) -> Any:
        asset = inputs.asset
        if asset not in died_at and not len(died_at) % 2:
            _write_half(self.directory(asset, inputs.version).parent, value)
            die(asset)

        def write(path: Path, content: Any) -> None:
            if path.name == "current.json" and asset not in died_at:
                die(asset)  # the value is there, its pointer is not
            write_json(path, content)

        with mock.patch("assets.materialising.store.write_json", write):
            return store_whole(self, inputs, value, **rest)

    def count_trial(trial: Any, n_trials: int, best: Any) -> None:
        place = f"trial-of-{trial.stage}"
        if trial.number == 1 and place not in died_at:
            die(place)
        say_trial(trial, n_trials, best)

    with mock.patch.object(Store, "put", put), mock.patch("assets.tracking.say_trial", count_trial):
        main(["run", "--data", str(data), "--home", str(home), "--config", str(config), "--json"])


def _write_half(directory: Path, value: Any) -> None:
    """What a process leaves that is killed while it writes: files cut short, under the temporary name."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".writing-{directory.name}-", dir=directory.parent))
    (staging / "value").mkdir()
    value.save(staging / "value")
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
