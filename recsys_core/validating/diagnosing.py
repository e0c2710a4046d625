"""What is behind it when most rows of a table break the same rule, and what to do about it."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from recsys_core.dataset.columns import ColumnSpec
from recsys_core.dataset.moments import PER_SECOND, unit_of
from recsys_core.dataset.schema import DatasetSpec, TableSpec
from recsys_core.reading import convert, line_guard
from recsys_core.validating import suites
from recsys_core.validating.rejecting import ReasonCount
from recsys_core.validating.suites import RATING_COLUMN

__all__ = ["DECLARE", "Diagnosis", "diagnosis", "of_commas"]

DECLARE: Final = "declare it in dataset.yaml (recsys init-dataset FOLDER drafts one)"
_ESCAPED: Final = '\\"'
_THOUSANDS: Final = re.compile(r'"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?"')
_DECIMAL_COMMA: Final = re.compile(r'"-?[0-9]+,[0-9]+"')


class Diagnosis(NamedTuple):
    """What is behind the rejects: a word for programs, and for people the same with what to do."""

    kind: str
    words: str


def diagnosis(most: ReasonCount, table: TableSpec, dataset: DatasetSpec) -> Diagnosis | None:
    """What the reason that rejects most rows of a table tells of its file; None where it tells nothing more."""
    column = next((c for c in table.columns if c.name == most.column), None)
    if column is None:
        return _of_lines(most)
    if most.reason.endswith(suites.NO_NUMBER):
        words = f"{column.in_file} is empty, or no number: say which column has the ratings, or declare kind: events"
        return Diagnosis("no_numbers", f"{words} if a row says enough")
    if most.lowest is not None and most.highest is not None:
        return _of_numbers(column, most.lowest, most.highest, dataset)
    return _of_texts(column, most)


def _of_texts(column: ColumnSpec, most: ReasonCount) -> Diagnosis | None:
    """The same of cells that cannot be read."""
    name, found = column.in_file, None
    if most.reason.endswith(convert.NOT_UTF8):
        words = "The file is not UTF-8: declare format: {encoding: latin-1}, or cp1252 (recsys init-dataset drafts it)"
        found = Diagnosis("encoding", words)
    elif column.type == "id" and most.reason.endswith(convert.NOT_WHOLE):
        words = f"The ids in {name} are text, and whole numbers are declared: write ids: text, or {DECLARE}"
        found = Diagnosis("text_ids", words)
    elif most.reason.endswith(convert.NOT_A_NUMBER):
        found = of_commas(column, most.examples)
    return found


def of_commas(column: ColumnSpec, quoted: Sequence[str]) -> Diagnosis | None:
    """What commas in cells that are no numbers are; the cells are quoted, as in lines of CSV."""
    if column.type != "float" or not any(_DECIMAL_COMMA.search(cell) for cell in quoted):
        return None
    if all(_THOUSANDS.search(cell) for cell in quoted):
        words = f"The numbers in {column.in_file} have commas, perhaps between thousands: write them without"
        return Diagnosis("thousands", words)
    return Diagnosis("decimal_commas", f"The numbers in {column.in_file} have decimal commas: write them with points")


def _of_numbers(column: ColumnSpec, lowest: float, highest: float, dataset: DatasetSpec) -> Diagnosis | None:
    """The same of numbers that are not what was declared."""
    name, scale = column.in_file, dataset.feedback
    unit = unit_of(lowest)
    if column.type == "timestamp" and PER_SECOND.get(unit, 1) > 1:
        return Diagnosis(unit, f"The times in {name} are {unit}: divide them by {PER_SECOND[unit]}, or {DECLARE}")
    if column.name == RATING_COLUMN and lowest == highest:
        words = f"{lowest:g} lies beside the scale from {scale.minimum:g} to {scale.maximum:g}"
        remedy = f"if it stands for no rating, declare feedback: {{unrated: {lowest:g}}} in dataset.yaml; or {DECLARE}"
        return Diagnosis("no_rating", f"{words}: {remedy}")
    if column.name == RATING_COLUMN and highest > scale.maximum:
        words = f"{name} goes up to {highest:g}, and the scale from {scale.minimum:g} to {scale.maximum:g}: {DECLARE}"
        return Diagnosis("other_scale", words)
    if column.name == RATING_COLUMN:
        words = f"{name} has values that the scale from {scale.minimum:g} to {scale.maximum:g} has not: {DECLARE}"
        return Diagnosis("other_scale", words)
    return None


def _of_lines(most: ReasonCount) -> Diagnosis | None:
    if most.reason == line_guard.BAD_QUOTES and any(_ESCAPED in example for example in most.examples):
        words = f'Quotation marks are written as {_ESCAPED}, as Spark does: write them doubled, option("escape", "\\"")'
        return Diagnosis("escaped_quotation_marks", words)
    if most.reason in (convert.TOO_MANY, convert.TOO_FEW):
        words = "The lines have another number of columns than the header: see whether texts with commas are quoted"
        return Diagnosis("number_of_columns", words)
    return None
