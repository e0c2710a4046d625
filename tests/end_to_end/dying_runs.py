"""Runs that are killed in every kind of asset and every stage of tuning, in turn, in one home.

Each attempt is a forked process that brings the pipeline up to date and is killed (SIGKILL, by itself, without any
warning) at the first place where no attempt before it died: at an asset with half of the value written or just
before the value becomes current, at a stage of tuning after two of its trials. The places are written to a log, one
a line; the last attempt finds no new place and ends by itself.
"""

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, NoReturn
from unittest import mock

import assets.graph  # noqa: F401  (declares all recipes)
from assets.materialising import RECIPES, Inputs
from assets.materialising.store import Store
from assets.presenting import say_trial
from pipelines.cli import main
from recsys_core.storage import write_json

__all__ = ["PLACES", "run_until_no_place_is_new"]

_STAGES = ("als", "ease", "blend", "gate")
_SPARED = {f"{raw}{table}" for raw in ("raw_", "") for table in ("links", "tags", "genome_scores", "genome_tags")}
_SPARED |= {"popularity_model", "recent_popularity_model"}
PLACES: Final = (*(name for name in RECIPES if name not in _SPARED), *(f"trial-of-{stage}" for stage in _STAGES))
"""Where a run dies. Of the tables, and of the models that one function makes, two: one is written by
half, the other not yet current."""


def attempt(home: Path, data: Path, config: Path, log: Path) -> None:
    """One run that dies at the first new place."""
    died_at = log.read_text().split() if log.exists() else []
    places = {*PLACES} - {*died_at}
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
        if asset in places and not len(died_at) % 2:
            _write_half(self.directory(asset, inputs.version).parent, value)
            die(asset)

        def write(path: Path, content: Any) -> None:
            if path.name == "current.json" and asset in places:
                die(asset)  # the value is there, its pointer is not
            write_json(path, content)

        with mock.patch("assets.materialising.store.write_json", write):
            return store_whole(self, inputs, value, **rest)

    def count_trial(trial: Any, n_trials: int, best: Any) -> None:
        place = f"trial-of-{trial.stage}"
        if trial.number == 1 and place in places:
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


def run_until_no_place_is_new(home: Path, data: Path, config: Path, log: Path) -> None:
    """Attempt after attempt; the exit code is the last one's."""
    for _ in range(2 * len(PLACES)):
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            attempt(home, data, config, log)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            sys.exit(os.waitstatus_to_exitcode(status))
    sys.exit(99)
