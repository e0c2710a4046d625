"""Calling `recsys` and reading what it says."""

import json
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from pipelines.cli import main

__all__ = ["OURS", "Said", "change_one_rating", "clean_environment", "forked", "recsys"]

OURS: Final = ("RECSYS_", "DAGSTER_", "MLFLOW_")


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
    said = forked(main, [str(argument) for argument in arguments], folder=folder, environment=environment)
    assert "Traceback" not in said.err, said.err
    return said


def forked(
    function: Callable[..., object],
    *arguments: object,
    environment: Mapping[str, str],
    folder: Path | None = None,
    seconds: float = 280,
) -> Said:
    """Call ``function`` in a new process, in ``folder``, and wait for its end; code -9 where it takes more ``seconds``.

    The process is forked from one that has imported what the command needs: that takes longer than most commands do.
    """
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload(["tests.end_to_end.prepared"])
    with TemporaryDirectory() as kept:
        output = Path(kept, "out"), Path(kept, "err")
        given = (function, arguments, environment, folder or Path.cwd(), output)
        process = forking.Process(target=_call, args=given)
        process.start()
        process.join(seconds)
        process.kill()
        process.join()
        out, err = (path.read_text() for path in output)
    assert process.exitcode is not None
    return Said(process.exitcode, out, err)


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
