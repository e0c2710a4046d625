"""Calling `recsys` and reading what it says."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["OURS", "Said", "change_one_rating", "clean_environment", "recsys"]

OURS: Final = ("RECSYS_", "DAGSTER_", "MLFLOW_")
_SECONDS = 280


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


def recsys(*arguments: str | Path, **environment: str) -> Said:
    """Call the command in a process of its own and wait for its end."""
    program = "import sys; from pipelines.cli import main; main(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


def change_one_rating(data_dir: Path, line: int = 2) -> None:
    """Another value, on the scale, in one line of ratings.csv."""
    path = data_dir / "ratings.csv"
    lines = path.read_text().split("\n")
    user, movie, rating, moment = lines[line - 1].split(",")
    lines[line - 1] = f"{user},{movie},{'1.5' if float(rating) != 1.5 else '2.5'},{moment}"
    path.write_text("\n".join(lines))
