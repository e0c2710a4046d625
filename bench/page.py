"""A page of docs/: a template of words, filled with figures, tables and the circumstances of the measurement."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.circumstances import circumstances
from pipelines.settings import REPOSITORY
from recsys_core.plotting import Table

__all__ = ["filled", "write_page"]


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
