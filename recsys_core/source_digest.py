"""What Python source says, whatever it looks like, as a short digest.

Comments, docstrings, line breaks, quotes and brackets do not count, nor does the release of Python: the tree is written
out by this module, because ``ast.dump`` differs from 3.11 to 3.13.
"""

import ast
import hashlib
from typing import Any

from recsys_core.syntax import parsed

__all__ = ["source_digest"]

_LEFT_OUT = {"ctx", "kind", "type_comment", "type_ignores"}


def source_digest(source: str, *, function: str | None = None) -> str:
    """16 hex digits for what ``source`` says; of one top-level ``function`` in it, without its decorators, if named."""
    tree: ast.AST = parsed(source)
    if function is not None:
        tree = next(node for node in ast.iter_child_nodes(tree) if getattr(node, "name", None) == function)
        tree.decorator_list = []  # type: ignore[attr-defined]
    return _tree_digest(tree)


def _tree_digest(tree: ast.AST) -> str:
    written: list[str] = []
    _write(tree, written)
    return hashlib.sha256("".join(written).encode()).hexdigest()[:16]


def _write(node: Any, out: list[str]) -> None:
    if isinstance(node, ast.JoinedStr):
        _write_joined(node, out)
    elif isinstance(node, ast.AST):
        out += (type(node).__name__, "(")
        for name in node._fields:
            value = getattr(node, name, None)
            if name not in _LEFT_OUT and value is not None and value != []:  # empty fields come and go with releases
                out.append(name)
                _write(value, out)
        out.append(")")
    elif isinstance(node, list):
        for inner in node:
            if not _says_nothing(inner):
                _write(inner, out)
                out.append(",")
    else:
        out.append(ascii(node))  # repr shows what the release's Unicode knows to be printable


def _says_nothing(node: Any) -> bool:
    """A docstring, of a module, class, function or field, or ``pass``."""
    if isinstance(node, ast.Pass):
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _write_joined(node: ast.JoinedStr, out: list[str]) -> None:
    """An f-string with its texts joined: releases of Python cut them at different places."""
    text = ""
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        else:
            out.append(f"f{text!a}")
            _write(part, out)
            text = ""
    out.append(f"f{text!a}")
