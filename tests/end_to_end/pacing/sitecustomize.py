"""Read by every Python process that has this folder in PYTHONPATH: real runs that meet, hold still or die on demand.

The product's code stays as it is; two of its modules are added to when they are imported. The environment says how:

PACING_FOLDER  where processes leave marks for each other, and for the test
PACING_NAME    this run's name; PACING_OTHER the one that it runs beside
PACING_MEET    assets after whose storing it waits until the other has stored them, too (or has ended: ``NAME.over``)
PACING_HOLD    an asset whose value is half written until there is a file ``NAME.go``
PACING_DIE     "ASSET:half", "ASSET:pointer" or "trial:STAGE": where it is killed, by SIGKILL
PACING_TRIAL   seconds that it waits after each trial
"""

import importlib.util
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

_SECONDS = 120.0
_FOLDER = Path(os.environ.get("PACING_FOLDER", "."))
_NAME = os.environ.get("PACING_NAME", "")
_OTHER = os.environ.get("PACING_OTHER", "")
_MEET = os.environ.get("PACING_MEET", "").split()
_HOLD = os.environ.get("PACING_HOLD", "")
_DIE = os.environ.get("PACING_DIE", "")


def _die() -> NoReturn:
    (_FOLDER / f"{_NAME}.died").touch()
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def _wait(*marks: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while not any((_FOLDER / mark).exists() for mark in marks):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{_NAME} waited for {' or '.join(marks)}")
        time.sleep(0.02)


class _Held:
    """A value that holds still when it is half written, and may die there."""

    def __init__(self, value: Any, *, dies: bool) -> None:
        self.value, self.dies = value, dies

    def save(self, directory: Path) -> None:
        self.value.save(directory)
        whole = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
        for path, content in whole.items():
            path.unlink()  # it may be a hard link to a whole file
            path.write_bytes(content[: len(content) // 2])
        (_FOLDER / f"{_NAME}.holds").touch()
        if self.dies:
            _die()
        _wait(f"{_NAME}.go")
        for path, content in whole.items():
            path.write_bytes(content)


def _pace_store(module: Any) -> None:
    put, write_json = module.Store.put, module.write_json

    def paced(self: Any, inputs: Any, value: Any, **rest: Any) -> Any:
        dies = f"{inputs.asset}:half" == _DIE
        record = put(self, inputs, _Held(value, dies=dies) if dies or inputs.asset == _HOLD else value, **rest)
        (_FOLDER / f"{_NAME}.{inputs.asset}").touch()
        if inputs.asset in _MEET:
            _wait(f"{_OTHER}.{inputs.asset}", f"{_OTHER}.over")
        return record

    def write(path: Path, content: Any) -> None:
        if path.name == "current.json" and f"{path.parents[1].name}:pointer" == _DIE:
            _die()
        write_json(path, content)

    module.Store.put, module.write_json = paced, write


def _pace_journal(module: Any) -> None:
    append = module.Journal.append

    def paced(self: Any, space: Any, trial: Any, decided: Any = ()) -> None:
        append(self, space, trial, decided)
        with (_FOLDER / "trials").open("a") as opened:
            opened.write(f"{_NAME} {space.stage} {trial.number}\n")
        time.sleep(float(os.environ.get("PACING_TRIAL", "0")))
        if trial.number == 1 and f"trial:{space.stage}" == _DIE:
            _die()

    module.Journal.append = paced


class _AddsTo:
    """Finds a module as ever, and lets a function add to it when it was loaded."""

    def __init__(self, additions: dict[str, Callable[[ModuleType], None]]) -> None:
        self.additions = additions

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        add = self.additions.pop(name, None)
        spec = importlib.util.find_spec(name) if add else None
        if add is None or spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def load_and_add(module: ModuleType) -> None:
            load(module)
            add(module)

        spec.loader.exec_module = load_and_add  # type: ignore[method-assign]
        return spec


if _NAME:
    sys.meta_path.insert(
        0, _AddsTo({"assets.materialising.store": _pace_store, "recsys_core.tuning.journal": _pace_journal})
    )
