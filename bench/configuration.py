"""All parameters with defaults, ranges and meaning, from their declarations, as docs/configuration.md.

python -m bench.configuration
"""

import argparse
import ast
import inspect
import itertools
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from assets.configuration import PipelineConfig

__all__ = ["document"]

_TEXT = """# Configuration

`recsys run --config FILE.yaml` (or `RECSYS_CONFIG`) takes the parameters that differ from their defaults. A name that
is not known, or a value outside its range, is refused with the section, the field and what was expected.

```yaml
split:
  protocol: temporal
tuning:
  n_trials_als: 30
  als: {{iterations: 15}}
recommendations:
  k: 50
```

The promotion policy is a file of its own: [mlflow/promotion.yaml](../mlflow/promotion.yaml).
This page is made by `python -m bench.configuration`.
{sections}"""
_BOUNDS = (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"))


def document() -> str:
    """The whole page as Markdown."""
    return _TEXT.format(sections="".join(_sections("", PipelineConfig)))


def _sections(name: str, model: type[BaseModel]) -> Iterator[str]:
    """One table for each model of parameters, nested ones after it."""
    told = _docstrings(model)
    rows, nested = [], []
    for field_name, field in model.model_fields.items():
        inner = _model_of(field)
        if inner is not None:
            nested.append((f"{name}.{field_name}".lstrip("."), inner))
        else:
            rows.append(f"| `{field_name}` | {_shown(field)} | {_range(field)} | {told.get(field_name, '')} |")
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


def _range(field: FieldInfo) -> str:
    found = []
    for attribute, sign in _BOUNDS:
        bound = next((getattr(m, attribute) for m in field.metadata if getattr(m, attribute, None) is not None), None)
        if bound is not None:
            found.append(f"{sign} {bound:,}")
    return ", ".join(found)


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The text after each field, by field."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    found: dict[str, str] = {}
    statements = body.body if isinstance(body, ast.ClassDef) else []
    for field, text in itertools.pairwise(statements):
        is_text = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and is_text:
            found[field.target.id] = " ".join(str(text.value.value).split()).replace("|", "\\|").replace("``", "`")  # type: ignore[union-attr,attr-defined]
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/configuration.md"))
    parser.parse_args().out.write_text(document(), encoding="utf-8")
