"""Calling `recsys` and reading what it says."""

import json
import multiprocessing
import os
import runpy
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from pipelines.cli import main

__all__ = ["OURS", "ROOMS", "Forked", "Said", "change_one_rating", "clean_environment", "python_module", "recsys"]

OURS: Final = ("RECSYS_", "DAGSTER_", "MLFLOW_")
ROOMS: Final = ("assets", "engines", "pipelines", "recsys_core", "registry", "serving", "ui")


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)


def clean_environment(**changes: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)} | changes


def recsys(*arguments: str | Path, folder: Path | None = None, **environment: str) -> Said:
    """Call the command in a process of its own, in ``folder``, and wait for its end."""
    environment = clean_environment(**environment)
    said = Forked(main, [str(argument) for argument in arguments], folder=folder, environment=environment).said()
    assert "Traceback" not in said.err, said.err
    return said


class Forked:
    """A call of ``function`` in a new process, in ``folder``; it ends by itself or with :meth:`said`.

    The process is forked from one that has imported what the command needs: that takes longer than most commands do.
    """

    def __init__(
        self,
        function: Callable[..., object],
        *arguments: object,
        environment: Mapping[str, str],
        folder: Path | None = None,
    ) -> None:
        forking = multiprocessing.get_context("forkserver")
        forking.set_forkserver_preload(["tests.end_to_end.prepared"])
        self._kept = Path(tempfile.mkdtemp())
        self._output = self._kept / "out", self._kept / "err"
        given = (function, arguments, dict(environment), folder or Path.cwd(), self._output)
        self._process = forking.Process(target=_call, args=given)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._process.exitcode

    def said(self, seconds: float = 280) -> Said:
        """Wait for its end; code -9 where it takes more ``seconds``."""
        try:
            self._process.join(seconds)
        finally:
            self._process.kill()
            self._process.join()
            out, err = (path.read_text() if path.exists() else "" for path in self._output)
            shutil.rmtree(self._kept)
        assert self._process.exitcode is not None
        return Said(self._process.exitcode, out, err)


def python_module(name: str, *arguments: str | Path) -> None:
    """What ``python -m name`` does in a new interpreter; only libraries are as they were imported before the fork."""
    for module in [loaded for loaded in sys.modules if loaded.split(".")[0] in (*ROOMS, "sitecustomize")]:
        del sys.modules[module]
    sys.path[:0] = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
    with suppress(ModuleNotFoundError):
        import_module("sitecustomize")
    sys.argv = [name, *map(str, arguments)]
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _call(
    function: Callable[..., object],
    arguments: Sequence[object],
    environment: Mapping[str, str],
    folder: Path,
    output: tuple[Path, Path],
) -> None:
    for number, path in enumerate(output, start=1):
        with path.open("wb") as opened:
            os.dup2(opened.fileno(), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    tempfile.tempdir = None  # it was chosen in another environment
    function(*arguments)


def change_one_rating(data_dir: Path, line: int = 2) -> None:
    """Another value, on the scale, in one line of ratings.csv."""
    path = data_dir / "ratings.csv"
    lines = path.read_text().split("\n")
    user, movie, rating, moment = lines[line - 1].split(",")
    lines[line - 1] = f"{user},{movie},{'1.5' if float(rating) != 1.5 else '2.5'},{moment}"
    path.write_text("\n".join(lines))
