"""What users of the library call, from signatures and docstrings, as docs/python-api.md. Nothing is imported for it.

python -m docgen.python_api
"""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import griffe
from pydantic import BaseModel

from assets.configuration import Configuration
from bench.options import options
from bench.page import write_page
from pipelines.settings import REPOSITORY

__all__ = ["MODULES", "main", "public_names"]

MODULES: Final = (
    *("recsys_core", "recsys_core.errors"),
    *(f"recsys_core.dataset.{name}" for name in ("schema", "columns", "roles", "declaration", "declared_tables")),
    *(f"recsys_core.dataset.{name}" for name in ("feedback", "relevance", "ids")),
    *(f"recsys_core.dataset.{name}" for name in ("table_folders", "interactions", "tables")),
    *(f"recsys_core.{name}" for name in ("reading", "validating", "splitting", "features", "histories")),
    *(f"recsys_core.sources.{name}" for name in ("source", "table", "als", "ease", "content")),
    *(f"recsys_core.sources.{name}" for name in ("popularity", "recent_popularity", "user_knn")),
    *(f"recsys_core.{name}" for name in ("hybrid", "tuning", "evaluation", "experiment", "bundle", "plotting")),
)
"""In the order in which data go through them; a module without ``__all__`` has nothing to say."""
_WIDTH: Final = 100
_FIELD: Final = re.compile(r"^([a-z_][\w, ]*?|\*\*?\w+)\s{2,}(\S.*)$")
_DRAWN: Final = "├──"
_ROLE: Final = re.compile(r":(?:class|func|meth|data|attr):`(?:[^`]+\.)?([^`.]+)`|:mod:`([^`]+)`")


def public_names() -> dict[str, dict[str, griffe.Object]]:
    """Module → name in its ``__all__`` → what it is."""
    root = griffe.load("recsys_core", search_paths=[REPOSITORY], resolve_aliases=True)
    found: dict[str, dict[str, griffe.Object]] = {}
    for path in MODULES:
        module = _itself(root[path.partition(".")[2]] if "." in path else root)
        told = {thing.path for names in found.values() for thing in names.values()}  # once, where it is met first
        things = ((str(name), _named(module, str(name))) for name in module.exports or ())
        found[path] = {name: thing for name, thing in things if thing.path not in told}
    return {path: names for path, names in found.items() if names}


def _named(module: griffe.Object, name: str) -> griffe.Object:
    """What ``name`` is once ``module`` is imported: rather what is imported by it than the submodule called like it."""
    found = _itself(module[name])
    return _itself(found[name]) if isinstance(found, griffe.Module) else found


def _itself(found: griffe.Object | griffe.Alias) -> griffe.Object:
    return found.final_target if isinstance(found, griffe.Alias) else found


def _contents(modules: Mapping[str, Mapping[str, griffe.Object]]) -> str:
    """A line for each module, with links to what has a heading of its own."""
    lines = []
    for path, names in modules.items():
        linked = ", ".join(f"[`{name}`](#{name.lower()})" for name, found in names.items() if _has_heading(found))
        lines.append(f"- [{path}](#{path.replace('.', '').lower()}){linked and ': '}{linked}")
    return "\n".join(lines)


def _module(path: str, names: Mapping[str, griffe.Object]) -> str:
    module = next(iter(names.values())).modules_collection[path]
    listed = [_item(name, found) for name, found in names.items() if not _has_heading(found)]
    parts = [f"## {path}", _text(module.docstring), "\n".join(listed)]
    parts += [_entry(name, found) for name, found in names.items() if _has_heading(found)]
    return "\n\n".join(part for part in parts if part)


def _has_heading(found: griffe.Object) -> bool:
    """Functions, and classes but for errors, which are told in a line."""
    return isinstance(found, griffe.Function) or (isinstance(found, griffe.Class) and not found.name.endswith("Error"))


def _item(name: str, found: griffe.Object) -> str:
    value = str(found.value) if isinstance(found, griffe.Attribute) else ""
    shown = f"{name} = {value}" if value and len(value) <= _WIDTH else name
    return f"- `{shown}`{_after_colon(found.docstring)}"


def _after_colon(docstring: griffe.Docstring | None) -> str:
    return f": {textwrap.indent(_text(docstring), '  ').lstrip()}" if docstring else ""


def _entry(name: str, found: griffe.Object) -> str:
    parts = [f"### `{name}`"]
    if signature := _signature(found):
        parts.append(_block(signature))
    parts.append(_text(found.docstring))
    if isinstance(found, griffe.Class) and _is_parameters(found):
        parts.append("\n".join(_fields(found)))
    elif isinstance(found, griffe.Class) and (members := list(_members(found))):
        parts += ["Members:", "\n".join(members)]
    return "\n\n".join(part for part in parts if part)


def _signature(found: griffe.Object) -> str:
    """Empty for what is made of keyword fields, and for protocols."""
    if isinstance(found, griffe.Function):
        return found.signature()
    if not isinstance(found, griffe.Class) or _is_parameters(found) or "__init__" not in found.all_members:
        return ""
    made = _itself(found.all_members["__init__"])
    assert isinstance(made, griffe.Function), made
    inside = made.signature(return_type=False).partition("(")[2]
    return f"{found.name}({inside.removeprefix('self').removeprefix(', ')}"


def _block(signature: str) -> str:
    """Python, one parameter a line where it is long."""
    if len(signature) > _WIDTH:
        tree = re.match(r"(.*?)\((.*)\)( -> .*)?$", signature, re.DOTALL)
        assert tree is not None, signature
        body = ",\n".join(f"    {part}" for part in _parameters(tree[2]))
        signature = f"{tree[1]}(\n{body},\n){tree[3] or ''}"
    return f"```python\n{signature}\n```"


def _parameters(text: str) -> Iterator[str]:
    """The parameters of a signature: cut at commas outside brackets."""
    depth, start = 0, 0
    for place, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0:
            yield text[start:place].strip()
            start = place + 1
    yield text[start:].strip()


def _members(found: griffe.Class) -> Iterator[str]:
    """Methods and properties, as far as they are the project's own."""
    for name, member in found.all_members.items():
        own = _itself(member)
        if name.startswith("_") or not own.path.startswith("recsys_core."):
            continue
        if isinstance(own, griffe.Function):
            yield f"- `{own.signature()}`{_after_colon(own.docstring)}"
        elif isinstance(own, griffe.Attribute) and "property" in own.labels:
            yield f"- `{name}: {own.annotation}`{_after_colon(own.docstring)}"


def _fields(found: griffe.Class) -> Iterator[str]:
    """What can be set, with defaults; where docs/configuration.md has it, a word of that."""
    if found.name in _configured(Configuration):
        yield "Fields, defaults and ranges: [configuration](configuration.md)."
        return
    for name, member in found.members.items():
        if isinstance(member, griffe.Attribute) and not name.startswith("_") and "property" not in member.labels:
            yield f"- `{name}: {member.annotation} = {member.value}`{_after_colon(member.docstring)}"


def _configured(model: type[BaseModel]) -> set[str]:
    inner = [type(field.get_default(call_default_factory=True)) for field in model.model_fields.values()]
    return {model.__name__}.union(*(_configured(one) for one in inner if issubclass(one, BaseModel)))


def _is_parameters(found: griffe.Class) -> bool:
    return any(base.name == "Parameters" for base in found.mro())


def _text(docstring: griffe.Docstring | None) -> str:
    """A docstring as Markdown: aligned fields become a list, reStructuredText's marks code."""
    if docstring is None:
        return ""
    text = _ROLE.sub(lambda role: f"`{role[1] or role[2]}`", docstring.value).replace("``", "`")
    if _DRAWN in text:
        head, drawn, rest = text.split("\n\n", 2)
        return f"{head}\n\n```text\n{drawn}\n```\n\n{rest}"
    lines: list[str] = []
    for line in text.splitlines():
        found = _field(line, docstring, in_list=bool(lines) and lines[-1].startswith(("- ", "  ")))
        if found:
            if lines and lines[-1] and not lines[-1].startswith(("- ", "  ")):
                lines.append("")
            names = ", ".join(f"`{name.strip()}`" for name in found[0].split(","))
            lines.append(f"- {names}: {found[1]}")
        elif line.startswith(" ") and lines:
            lines.append(f"  {line.strip()}")
        else:
            lines.append(line)
    return "\n".join(lines)


def _field(line: str, docstring: griffe.Docstring, *, in_list: bool) -> tuple[str, str] | None:
    """Names and meaning of an aligned field; the longest name of a list has one space behind it."""
    aligned = _FIELD.match(line)
    if aligned:
        return aligned[1], aligned[2]
    name, _, meaning = line.partition(" ")
    owner = docstring.parent
    known = [p.name for p in owner.parameters] if isinstance(owner, griffe.Function | griffe.Class) else []
    return (name, meaning) if meaning and name in known and (in_list or "_" in name) else None


def main(argv: Sequence[str] | None = None) -> None:
    arguments = options("docgen.python_api", __doc__, "docs/python-api.md").parse_args(argv)
    found = public_names()
    modules = "\n\n".join(_module(path, names) for path, names in found.items())
    write_page(arguments.out, "docgen.python_api", argv, contents=_contents(found), modules=modules)


if __name__ == "__main__":
    main()
