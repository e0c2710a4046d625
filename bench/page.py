"""A page of docs/: a template of words, filled with tables, figures and the circumstances of the measurement."""

from pathlib import Path
from typing import Final

__all__ = ["filled", "write_page"]

_TEMPLATES: Final = Path(__file__).with_name("templates")


def filled(template: str, **values: object) -> str:
    """``bench/templates/TEMPLATE.md`` with ``values`` in its fields, as :meth:`str.format` writes them.

    Raises KeyError for a field without a value.
    """
    return (_TEMPLATES / f"{template}.md").read_text(encoding="utf-8").format(**values)


def write_page(out: Path, template: str, **values: object) -> None:
    """Write :func:`filled` to ``out``, and say so."""
    out.write_text(filled(template, **values), encoding="utf-8")
    print(f"{out} written")
