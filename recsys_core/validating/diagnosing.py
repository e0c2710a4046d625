"""What is behind it when most rows of a table break the same rule, and what to do about it."""

import re
from typing import Final

from recsys_core.dataset.schema import ColumnSpec, DatasetSpec, TableSpec
from recsys_core.reading import convert, line_guard
from recsys_core.validating.rejecting import ReasonCount
from recsys_core.validating.suites import LARGEST_ID, RATING_COLUMN

__all__ = ["diagnosis"]

_DECLARE: Final = "declare it in dataset.yaml (recsys init-dataset FOLDER drafts one)"
_ESCAPED: Final = '\\"'
_DECIMAL_COMMA: Final = re.compile(r'"-?[0-9]+,[0-9]+"')
_UNITS: Final = ((1e17, "nanoseconds", "1000000000"), (1e14, "microseconds", "1000000"), (1e11, "milliseconds", "1000"))
"""From what number on a moment of our time is in a unit, and by what it is divided to be in seconds."""


def diagnosis(most: ReasonCount, table: TableSpec, dataset: DatasetSpec) -> str | None:
    """What the reason that rejects most rows of a table tells of its file; None where it tells nothing more."""
    column = next((c for c in table.columns if c.name == most.column), None)
    if column is None:
        return _of_lines(most)
    if most.lowest is not None and most.highest is not None:
        return _of_numbers(column, most.lowest, most.highest, dataset)
    if column.type == "id" and most.reason.endswith(convert.NOT_WHOLE):
        return f"The ids in {column.in_file} are text, and ids are whole numbers: number them, and keep the list"
    if column.type == "float" and most.reason.endswith(convert.NOT_A_NUMBER) and _has_decimal_comma(most):
        return f"The numbers in {column.in_file} have decimal commas: write them with points"
    return None


def _of_numbers(column: ColumnSpec, lowest: float, highest: float, dataset: DatasetSpec) -> str | None:
    """The same of numbers that are not what was declared."""
    name, scale = column.in_file, dataset.feedback
    unit = next(((unit, by) for least, unit, by in _UNITS if lowest >= least), None)
    if column.type == "timestamp" and unit:
        return f"The times in {name} are {unit[0]}: divide them by {unit[1]}, or {_DECLARE}"
    if column.name == RATING_COLUMN and highest > scale.maximum:
        return f"{name} goes up to {highest:g}, and the scale from {scale.minimum:g} to {scale.maximum:g}: {_DECLARE}"
    if column.name == RATING_COLUMN:
        return f"{name} has values that the scale from {scale.minimum:g} to {scale.maximum:g} has not: {_DECLARE}"
    if column.type == "id":
        return f"Ids in {name} go from {lowest:g} to {highest:g}: number them from 1 to {LARGEST_ID}"
    return None


def _of_lines(most: ReasonCount) -> str | None:
    if most.reason == line_guard.BAD_QUOTES and any(_ESCAPED in example for example in most.examples):
        return f'Quotation marks are written as {_ESCAPED}, as Spark does: write them doubled, option("escape", "\\"")'
    if most.reason in (convert.TOO_MANY, convert.TOO_FEW):
        return "The lines have another number of columns than the header: see whether texts with commas are quoted"
    return None


def _has_decimal_comma(most: ReasonCount) -> bool:
    return any(_DECIMAL_COMMA.search(example) for example in most.examples)
