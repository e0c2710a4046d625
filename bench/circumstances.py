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
    """The commit, with a + where more than documents, which the measurement may have written, differs from it."""
    commit = _git("describe", "--always", "--abbrev=10")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    return f"{commit}{'+' if changed else ''}" if commit else "unknown"


def _git(*command: str) -> str:
    called = ["git", "-C", str(Path(__file__).parents[1]), *command]
    return subprocess.run(called, capture_output=True, text=True, check=False).stdout.strip()


def _processor() -> str:
    """The model's name, which Linux tells in a file of the kernel's."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        told = ""
    names = (line.split(":", 1)[1].strip() for line in told.splitlines() if line.startswith("model name"))
    return next(names, "") or platform.processor() or "unknown processor"


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
