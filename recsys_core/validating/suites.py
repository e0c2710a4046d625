"""Suites as data: which expectations each declared column type and each table gets.

Nothing here runs anything. A :class:`Rule` is a Great Expectations expectation by name, with its arguments, its
severity and the words for a row that breaks it. All rules follow from the declared tables.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from recsys_core.dataset.columns import ColumnSpec
from recsys_core.dataset.schema import DatasetSpec, TableSpec
from recsys_core.validating.limits import RejectLimits
from recsys_core.validating.summary import Severity

__all__ = [
    "DISTINCT_NEEDED",
    "HIGHEST_RATING",
    "NO_NUMBER",
    "RATING_COLUMN",
    "REJECTED_SHARE",
    "ROWS_ACCEPTED",
    "ROWS_ACCOUNTED_FOR",
    "ROWS_IN",
    "ROWS_UNRATED",
    "Rule",
    "distinct_columns",
    "distinct_total",
    "has_ratings",
    "key_rule",
    "known_column",
    "row_rules",
    "structure_rules",
    "total_rules",
]

RATING_COLUMN: Final = "rating"  # the canonical name of the column that holds values of the rating scale
DISTINCT_NEEDED: Final = 2  # of users and of items: from one alone nothing can be learned

NO_NUMBER: Final = "is missing or not a number"

# Totals of a table, by the names under which Data Docs show them.
ROWS_IN: Final = "rows in"
ROWS_ACCOUNTED_FOR: Final = "rows accepted + rejected"
ROWS_ACCEPTED: Final = "rows accepted"
ROWS_UNRATED: Final = "rows without a rating"
REJECTED_SHARE: Final = "rejected share"
HIGHEST_RATING: Final = "highest rating"

_PANDAS_TYPES: Final = {
    "id": "int64",
    "text id": "int64",
    "int": "int64",
    "float": "float64",
    "text": "str",
    "set": "str",
    "weights": "str",
    "timestamp": "int64",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One expectation of a table.

    expectation   its name in Great Expectations
    columns       the declared columns that it is about; none for the table as a whole
    arguments     its arguments, the name of the examined (perhaps derived) column included
    severity      "warning" where a row that breaks it is rejected, "critical" where the whole table is refused
    breach        what is said of a value that breaks it: "rating 6.0 <breach>"; of a total: "0 rows: <breach>"
    shows_value   whether the value belongs into that sentence (a missing one does not)
    kind          what a table is called, for programs, that is refused because of it
    leaves_out    whether its rows were declared to say nothing, and are no fault of the table
    """

    expectation: str
    columns: tuple[str, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = "critical"
    breach: str = ""
    shows_value: bool = True
    kind: str = "unexpected_table"
    leaves_out: bool = False

    @property
    def column(self) -> str | None:
        """The columns as people name them."""
        if len(self.columns) > 1:
            return f"({', '.join(self.columns)})"
        return self.columns[0] if self.columns else None

    @property
    def reason(self) -> str:
        """The reason without a row's value, under which rejected rows are counted."""
        return f"{self.column} {self.breach}" if self.column else self.breach

    def words_around_value(self) -> tuple[str, str]:
        """The reason for one row, before and after the row's value."""
        return f"{self.column}{' =' if len(self.columns) > 1 else ''} ", f" {self.breach}"

    @property
    def rejects_rows(self) -> bool:
        return self.severity == "warning"


def structure_rules(table: TableSpec) -> tuple[Rule, ...]:
    """Columns present and typed. The first rule must hold before the others can be asked."""
    wanted = ", ".join(table.column_names)
    present = Rule(
        "expect_table_columns_to_match_set",
        (),
        {"column_set": [*table.column_names, "line"], "exact_match": True},
        breach=f"the columns are not {wanted} and line",
    )
    typed = (
        Rule(
            "expect_column_values_to_be_of_type",
            (column.name,),
            {"column": column.name, "type_": _PANDAS_TYPES[column.type]},
            breach=f"is not of type {_PANDAS_TYPES[column.type]}",
        )
        for column in table.columns
    )
    return (present, *typed)


def row_rules(table: TableSpec, dataset: DatasetSpec, now: int) -> tuple[Rule, ...]:
    """What every row must fulfil by itself, in the order in which reasons for a rejection are given."""
    return (*_column_rules(table, dataset, now), *_reference_rules(table, dataset))


def _column_rules(table: TableSpec, dataset: DatasetSpec, now: int) -> Iterator[Rule]:
    for column in table.columns:
        yield _presence(column)
        if column.name == RATING_COLUMN and column.type == "float":
            if dataset.unrated is not None:
                yield _rated(column, dataset.unrated)
            yield _on_scale(column, dataset)
        elif column.type in ("id", "text id"):
            continue  # every whole number of 64 bits is one, and every text
        elif column.type == "timestamp":
            earliest = dataset.earliest_timestamp
            yield _between(column.name, earliest, None, f"lies before {_moment(earliest)}")
            yield _between(column.name, None, now, f"lies in the future, after {_moment(now)}")
        elif column.type in ("text", "set", "weights"):
            if not column.nullable:
                arguments = {"column": column.name, "regex": r"\S"}
                yield Rule(
                    "expect_column_values_to_match_regex", (column.name,), arguments, "warning", "is empty", False
                )
        else:
            yield from _declared_range(column)


def _presence(column: ColumnSpec) -> Rule:
    arguments: dict[str, Any] = {"column": column.name}
    if column.may_be_null:  # only counted: any share of missing values will do
        arguments["mostly"] = 0.0
        return Rule("expect_column_values_to_not_be_null", (column.name,), arguments, "info", "is empty", False)
    breach = NO_NUMBER if column.type == "float" else "is missing"
    return Rule("expect_column_values_to_not_be_null", (column.name,), arguments, "warning", breach, False)


def _rated(column: ColumnSpec, unrated: float) -> Rule:
    return Rule(
        "expect_column_values_to_not_be_in_set",
        (column.name,),
        {"column": column.name, "value_set": [unrated]},
        "warning",
        "stands for no rating",
        leaves_out=True,
    )


def _on_scale(column: ColumnSpec, dataset: DatasetSpec) -> Rule:
    scale = dataset.feedback
    if scale.kind != "ratings":
        return _between(column.name, 0, sys.float_info.max, "is not a number of at least 0")
    if scale.step == 0:
        return _between(column.name, scale.minimum, scale.maximum, f"is not within {scale.minimum} to {scale.maximum}")
    return Rule(
        "expect_column_values_to_be_in_set",
        (column.name,),
        {"column": column.name, "value_set": list(scale.values)},
        "warning",
        f"is not on the scale {scale.minimum} to {scale.maximum} by {scale.step}",
    )


def _declared_range(column: ColumnSpec) -> Iterator[Rule]:
    low, high = column.minimum, column.maximum
    if low is not None and high is not None:
        yield _between(column.name, low, high, f"is not within {low} to {high}")
    elif low is not None:
        yield _between(column.name, low, _largest(column), f"is not a number of at least {low}")
    elif high is not None:
        yield _between(column.name, _smallest(column), high, f"is not a number of at most {high}")
    elif column.type == "float":
        yield _between(column.name, _smallest(column), _largest(column), "is not finite")


def _largest(column: ColumnSpec) -> float | None:
    return sys.float_info.max if column.type == "float" else None


def _smallest(column: ColumnSpec) -> float | None:
    return -sys.float_info.max if column.type == "float" else None


def _between(column: str, low: float | None, high: float | None, breach: str) -> Rule:
    arguments = {"column": column, "min_value": low, "max_value": high}
    return Rule("expect_column_values_to_be_between", (column,), arguments, "warning", breach)


def known_column(column: str, other: TableSpec) -> str:
    """Name of the derived column that says whether a reference is known; read by people in Data Docs."""
    return f"{column} known in {other.shown}"


def _reference_rules(table: TableSpec, dataset: DatasetSpec) -> Iterator[Rule]:
    for column, name, _ in table.references:
        other = dataset.table(name)
        yield _all_true(known_column(column, other), (column,), f"is not known in {other.shown}")


def key_rule(table: TableSpec) -> Rule:
    """Uniqueness of the key, on a derived column that needs the whole table."""
    key = f"({', '.join(table.key)})"
    kept = "newest" if table.keep_newest_by else "first"
    return _all_true(f"{kept} of its {key}", table.key, f"is repeated: only the {kept} row is kept")


def _all_true(derived: str, columns: tuple[str, ...], breach: str) -> Rule:
    arguments = {"column": derived, "value_set": [True]}
    return Rule("expect_column_values_to_be_in_set", columns, arguments, "warning", breach)


def distinct_columns(table: TableSpec) -> tuple[str, ...]:
    """Key columns of which a required table of pairs (user, item) needs several values to be of use."""
    return table.key if table.required and len(table.key) > 1 else ()


def has_ratings(table: TableSpec) -> bool:
    """Whether the table holds values of the rating scale."""
    return any(column.name == RATING_COLUMN and column.type == "float" for column in table.columns)


def total_rules(table: TableSpec, dataset: DatasetSpec, limits: RejectLimits) -> tuple[Rule, ...]:
    """What the table must fulfil as a whole; judged on one row of totals."""
    rules = [
        Rule(
            "expect_column_pair_values_to_be_equal",
            (),
            {"column_A": ROWS_IN, "column_B": ROWS_ACCOUNTED_FOR},
            breach="these should be equal",
            kind="rows_lost",
        )
    ]
    share = limits.max_rejected_share
    breach = f"more than the {share:.1%} that may be"
    rules.append(_total(REJECTED_SHARE, (), "too_many_rejected", breach, high=share))
    if table.required:
        rules.append(_total(ROWS_ACCEPTED, (), "no_rows", "too few, at least 1 is needed", low=1))
    breach = f"too few, at least {DISTINCT_NEEDED} are needed, as from one alone nothing can be learned"
    rules.extend(
        _total(distinct_total(column), (column,), "too_few_distinct", breach, low=DISTINCT_NEEDED)
        for column in distinct_columns(table)
    )
    if has_ratings(table):
        rules.append(_relevant(dataset))
    return tuple(rules)


def distinct_total(column: str) -> str:
    """Name of the total that counts the different values of ``column``."""
    return f"distinct {column}"


def _relevant(dataset: DatasetSpec) -> Rule:
    """Without anything that counts as liked there is nothing to learn and nobody to test."""
    threshold = dataset.relevance.positive_threshold
    breach = f"less than relevance.positive_threshold = {threshold:g}, so nothing counts as liked; lower that setting"
    if dataset.feedback.kind == "ratings":
        breach += ", or declare feedback: {kind: events} in dataset.yaml if a row only says that something happened"
    return _total(HIGHEST_RATING, (RATING_COLUMN,), "no_relevant_rating", breach, low=threshold)


def _total(
    total: str, columns: tuple[str, ...], kind: str, breach: str, *, low: float | None = None, high: float | None = None
) -> Rule:
    arguments = {"column": total, "min_value": low, "max_value": high}
    return Rule("expect_column_values_to_be_between", columns, arguments, breach=breach, kind=kind)


def _moment(timestamp: int) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M:%S} UTC"
