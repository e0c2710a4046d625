"""What people want to see of a value, whichever page shows it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Description", "Rows"]

Rows = tuple[Sequence[str], Iterable[Sequence[Any]]]
"""A small table: its header and its rows."""


@dataclass(frozen=True, slots=True)
class Description:
    """A value in brief.

    n_rows   how many rows it has, whatever it is rows of
    columns  name → (type, description) of a row's columns
    preview  the first rows, as wide as ``columns``
    facts    numbers and texts by name
    tables   small tables by name
    plots    PNG pictures by name
    """

    n_rows: int
    columns: Mapping[str, tuple[str, str]]
    preview: Iterable[Sequence[Any]] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Rows] = field(default_factory=dict)
    plots: Mapping[str, bytes] = field(default_factory=dict)
