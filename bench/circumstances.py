"""Under which circumstances something was measured: machine, date, commit, versions."""

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

__all__ = ["circumstances"]


def circumstances(module: str, arguments: Sequence[str] | None, **more: str) -> str:
    """A Markdown list that belongs above every table of figures.

    ``arguments`` are what ``module`` was called with; None: those of this process.
    """
    given = sys.argv[1:] if arguments is None else arguments
    entries = {
        "command": f"`{shlex.join(['python', '-m', module, *given])}`",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": f"`{_commit()}`",
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory_gib():.0f} GiB, {platform.system()}",
        "versions": f"Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "implicit", "dagster", "mlflow")),
        **more,
    }
    return "\n".join(f"- {name}: {value}" for name, value in entries.items())


def _commit() -> str:
    root = Path(__file__).resolve().parents[1]
    found = subprocess.run(
        ["git", "-C", str(root), "describe", "--always", "--dirty=+", "--abbrev=10"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "unknown"


def _processor() -> str:
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"


def _memory_gib() -> float:
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemTotal"):
            return float(line.split()[1]) / 2**20
    return float("nan")


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
