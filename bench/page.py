"""A page of docs/: a template of words, filled with figures, tables and the circumstances of the measurement."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.circumstances import circumstances
from recsys_core.plotting import Table

__all__ = ["filled", "write_page"]

_TEMPLATES: Final = Path(__file__).with_name("templates")


def filled(template: str, **values: object) -> str:
    """``bench/templates/TEMPLATE.md`` with ``values`` in its fields, as :meth:`str.format` writes them.

    Tables are written as Markdown. Raises KeyError for a field without a value.
    """
    shown = {name: value.markdown() if isinstance(value, Table) else value for name, value in values.items()}
    return (_TEMPLATES / f"{template}.md").read_text(encoding="utf-8").format(**shown)


def write_page(
    out: Path, module: str, argv: Sequence[str] | None, facts: Mapping[str, str] | None = None, **values: object
) -> None:
    """Write the page of ``bench.MODULE`` to ``out``, and say so.

    argv, facts  what the module was called with, and what else belongs to the circumstances of the measurement
    """
    under = circumstances(f"bench.{module}", argv, **(facts or {}))
    out.write_text(filled(module, circumstances=under, **values), encoding="utf-8")
    print(f"{out} written")
