"""Python's parser, for one thread at a time.

In Python 3.11 it counts its depth in one place for all threads: where the garbage collector lets another thread go on
in the middle of ``ast.parse``, and that one parses, too, the first raises SystemError ("AST constructor recursion depth
mismatch"). NumPy reads the head of every stored array by ``ast.literal_eval``.
"""

import ast
import threading
from typing import Any, Final

__all__ = ["PARSER", "literal", "parsed"]

PARSER: Final = threading.RLock()
"""Held by whoever parses, or has a library parse."""


def parsed(source: str) -> ast.Module:
    """The tree of ``source``, as ``ast.parse`` gives it."""
    with PARSER:
        return ast.parse(source)


def literal(text: str) -> Any:
    """What ``text`` says in Python's notation, as ``ast.literal_eval`` reads it."""
    with PARSER:
        return ast.literal_eval(text)
