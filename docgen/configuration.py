"""All parameters with defaults, ranges and meaning, from their declarations, as docs/configuration.md.

python -m docgen.configuration
"""

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from assets.configuration import SAID_ONCE, Configuration
from bench.options import options
from bench.page import write_page
from recsys_core.parameters import meanings, range_in_words

__all__ = ["main"]


def _sections(name: str, model: type[BaseModel]) -> Iterator[str]:
    """One table for each model of parameters, nested ones after it."""
    told = meanings(model)
    rows, nested = [], []
    for field_name, field in model.model_fields.items():
        if field_name in SAID_ONCE.get(name, ()):
            continue
        inner = _model_of(field)
        if inner is not None:
            nested.append((f"{name}.{field_name}".lstrip("."), inner))
        else:
            meaning = told.get(field_name, "").replace("|", "\\|")
            rows.append(f"| `{field_name}` | {_shown(field)} | {range_in_words(field)} | {meaning} |")
    if rows:
        summary = re.sub(r":(?:func|class):`([^`]+)`", r"`\1`", (inspect.getdoc(model) or "").splitlines()[0])
        yield f"\n## {name or 'Top level'}\n\n{summary}\n\n| name | default | range | meaning |\n|---|---|---|---|\n"
        yield "\n".join(rows) + "\n"
    for inner_name, inner in nested:
        yield from _sections(inner_name, inner)


def _model_of(field: FieldInfo) -> type[BaseModel] | None:
    default = field.get_default(call_default_factory=True)
    return type(default) if isinstance(default, BaseModel) else None


def _shown(field: FieldInfo) -> str:
    default: Any = field.get_default(call_default_factory=True)
    if isinstance(default, tuple) and default and isinstance(default[0], BaseModel):
        return f"{len(default)} entries, below the code's `SEARCH_SPACE`"
    if isinstance(default, tuple):
        default = list(default)
    return "`" + yaml.safe_dump(default, default_flow_style=True).removesuffix("...\n").strip() + "`"


def main(argv: Sequence[str] | None = None) -> None:
    arguments = options("docgen.configuration", __doc__, "docs/configuration.md").parse_args(argv)
    write_page(arguments.out, "docgen.configuration", argv, sections="".join(_sections("", Configuration)))


if __name__ == "__main__":
    main()
