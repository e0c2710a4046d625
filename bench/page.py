"""A page of docs/: a template of words, filled with figures, tables and the circumstances of the measurement."""

import os
import platform
import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pipelines.settings import REPOSITORY
from recsys_core.plotting import Table
from registry.source import source_tags

__all__ = ["circumstances", "filled", "write_page"]


def filled(module: str, **values: object) -> str:
    """``ROOM/templates/NAME.md`` of the module ``ROOM.NAME`` with ``values`` in its fields, as :meth:`str.format` does.

    Tables are written as Markdown. Raises KeyError for a field without a value.
    """
    room, name = module.split(".")
    shown = {field: value.markdown() if isinstance(value, Table) else value for field, value in values.items()}
    return (REPOSITORY / room / "templates" / f"{name}.md").read_text(encoding="utf-8").format(**shown)


def write_page(
    out: Path, module: str, argv: Sequence[str] | None, facts: Mapping[str, str] | None = None, **values: object
) -> None:
    """Write the page of ``module`` to ``out``, and say so.

    argv, facts  what the module was called with, and what else belongs to the circumstances of the measurement
    """
    under = circumstances(module, argv, **(facts or {}))
    out.write_text(filled(module, circumstances=under, **values), encoding="utf-8")
    print(f"{out} written")


def circumstances(module: str, arguments: Sequence[str] | None, **more: str) -> str:
    """A Markdown list that belongs above every table of figures: command, date, commit, machine, versions.

    ``arguments`` are what ``module`` was called with; None: those of this process.
    """
    given = sys.argv[1:] if arguments is None else arguments
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    entries = {
        "command": f"`{shlex.join(['python', '-m', module, *given])}`",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": f"`{_commit()}`",
        "machine": f"{_processor()}, {os.cpu_count()} cores, {memory / 2**30:.0f} GiB, {platform.system()}",
        "versions": f"Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "implicit", "dagster", "mlflow")),
        **more,
    }
    return "\n".join(f"- {name}: {value}" for name, value in entries.items())


def _commit() -> str:
    """The commit, with a + where more than documents, which the measurement may have written, differs from it."""
    tags = source_tags()
    changed = tags.get("mlflow.source.git.dirty") == "true"
    return tags.get("mlflow.source.git.commit", "unknown")[:10] + "+" * changed


def _processor() -> str:
    """The model's name, which Linux tells in a file of the kernel's."""
    told = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    names = (line.split(":", 1)[1].strip() for line in told.splitlines() if line.startswith("model name"))
    return next(names, "") or platform.processor() or "unknown processor"
