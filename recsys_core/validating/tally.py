"""Adds up what Great Expectations said about the chunks of one table."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from recsys_core.dataset.ids import Ids
from recsys_core.dataset.table_folders import called
from recsys_core.validating.running import RuleResult
from recsys_core.validating.suites import Rule
from recsys_core.validating.summary import ExpectationOutcome
from recsys_core.validating.wording import shown_values

__all__ = ["RuleTally"]

_EXAMPLES: Final = 3
_LISTED_IN_DOCS: Final = 20


@dataclass(slots=True)
class RuleTally:
    """One rule over all chunks.

    validation  the library's result for the whole table: the first failing chunk's, with all chunks' numbers
    names       what the numbers of text ids are called, by column
    """

    rule: Rule
    success: bool = True
    n_rows: int = 0
    n_unexpected: int = 0
    examples: list[str] = field(default_factory=list)
    error: str | None = None
    validation: Any = None
    names: Mapping[str, Ids] = field(default_factory=dict)
    _missing: int = 0
    _values: Counter[Any] = field(default_factory=Counter)

    def add(self, result: RuleResult, chunk: pa.Table | None = None) -> None:
        """Add one chunk's result; examples are taken from ``chunk`` with their lines."""
        if self.validation is None or (self.success and not result.success):
            self.validation = result.validation
        self.success = self.success and result.success
        self.error = self.error or result.error
        self.n_rows += result.n_rows
        self.n_unexpected += result.n_unexpected
        details = result.validation.result
        self._missing += details.get("missing_count") or 0
        for entry in details.get("partial_unexpected_counts") or []:
            self._values[_hashable(entry["value"])] += entry["count"]
        if chunk is not None:
            rows = called(chunk.take(pa.array(result.positions[: _EXAMPLES - len(self.examples)])), self.names)
            values = shown_values(rows, self.rule.columns).to_pylist()
            lines = rows["line"].to_pylist()
            self.examples.extend(f"{value} (line {line})" for value, line in zip(values, lines, strict=True))

    def outcome(self) -> ExpectationOutcome:
        rule = self.rule
        subject = f"{rule.expectation} on {rule.column or 'the table'}"
        if self.error is not None:
            message = f"{subject} could not be evaluated: {self.error}"
        elif self.n_unexpected:
            examples = f", e.g. {', '.join(self.examples)}" if self.examples else ""
            message = f"{subject}: {self.n_unexpected} of {self.n_rows} rows: {rule.reason}{examples}"
        elif not self.success:
            message = f"{subject}: {rule.reason}"
        else:
            message = f"{subject}: holds"
        return ExpectationOutcome(
            expectation=rule.expectation,
            column=rule.column,
            severity=rule.severity,
            success=self.success and self.error is None,
            n_unexpected=self.n_unexpected,
            n_rows=self.n_rows,
            examples=tuple(self.examples),
            message=message,
        )

    def whole_table_validation(self) -> Any:
        """The library's result object with the numbers of all chunks and without the lists of rows."""
        details = {
            name: value
            for name, value in self.validation.result.items()
            if name not in {"unexpected_list", "unexpected_index_list", "partial_unexpected_index_list"}
        }
        if "element_count" in details:
            present = self.n_rows - self._missing
            counted = self._values.most_common(_LISTED_IN_DOCS)
            details |= {
                "element_count": self.n_rows,
                "unexpected_count": self.n_unexpected,
                "partial_unexpected_list": [value for value, count in counted for _ in range(min(count, _EXAMPLES))],
                "partial_unexpected_counts": [{"value": value, "count": count} for value, count in counted],
                "unexpected_percent_total": _percent(self.n_unexpected, self.n_rows),
            }
            if "missing_count" in details:
                details["missing_count"] = self._missing
                details["missing_percent"] = _percent(self._missing, self.n_rows)
            details["unexpected_percent"] = _percent(self.n_unexpected, present)
            details["unexpected_percent_nonmissing"] = _percent(self.n_unexpected, present)
        self.validation.result = details
        self.validation.success = self.success
        return self.validation


def _hashable(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):  # JSON knows no NaN, and no two are equal
        return None
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def _percent(part: int, whole: int) -> float | None:
    return 100.0 * part / whole if whole else None
