"""What a validation found, as plain frozen values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

__all__ = ["ExpectationOutcome", "Finding", "Severity", "ValidationSummary"]

Severity = Literal["critical", "warning", "info"]


@dataclass(frozen=True, slots=True)
class ExpectationOutcome:
    """One expectation, judged over all rows of a table.

    expectation   Great Expectations' name, e.g. ``expect_column_values_to_be_in_set``
    column        the column or columns that it is about; None for the table as a whole
    severity      "critical" stops everything that builds on the table, "warning" rejects rows, "info" only tells
    n_unexpected  rows that broke it, of ``n_rows`` looked at (a row may break several)
    examples      at most three values that broke it, each with its line
    """

    expectation: str
    column: str | None
    severity: Severity
    success: bool
    n_unexpected: int
    n_rows: int
    examples: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a data set that a person should know.

    severity  "error" stops everything built on the table, "warning" only tells
    column    that it is about: its canonical name, or the file's where it has none
    kind      what it is, for programs: "rejected", "too_many_rejected", "no_relevant_rating" …
    count     of the rows or cells concerned, None where they are not counted
    """

    severity: Literal["error", "warning"]
    table: str | None
    column: str | None
    kind: str
    count: int | None
    message: str


@dataclass(frozen=True, slots=True)
class ValidationSummary:
    """Every row of a table accounted for: ``n_in == n_accepted + n_rejected``.

    rejected_by_reason  number of rejected rows by the first reason that each met; sums to ``n_rejected``
    findings            what stops everything built on the table, then the kinds of rejected rows
    docs_path           page of this validation in Data Docs, relative to the docs directory, which may be moved
    """

    table: str
    n_in: int
    n_accepted: int
    n_rejected: int
    rejected_by_reason: Mapping[str, int] = field(default_factory=dict)
    outcomes: tuple[ExpectationOutcome, ...] = ()
    findings: tuple[Finding, ...] = ()
    docs_path: Path | None = None

    @property
    def faults(self) -> tuple[str, ...]:
        """Messages that stop everything built on the table; empty when the table may be used."""
        return tuple(finding.message for finding in self.findings if finding.severity == "error")

    @property
    def passed(self) -> bool:
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold; ``from_dict`` makes an equal summary of them."""
        values = asdict(self)
        values["outcomes"] = [{**outcome, "examples": list(outcome["examples"])} for outcome in values["outcomes"]]
        values["findings"] = list(values["findings"])
        values["docs_path"] = None if self.docs_path is None else self.docs_path.as_posix()
        derived = {"faults": list(self.faults), "passed": self.passed}
        return {**values, "rejected_by_reason": dict(self.rejected_by_reason), **derived}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        known = {name: value for name, value in values.items() if name not in {"faults", "passed"}}
        outcomes = (ExpectationOutcome(**{**item, "examples": tuple(item["examples"])}) for item in known["outcomes"])
        known["outcomes"] = tuple(outcomes)
        known["findings"] = tuple(Finding(**item) for item in known["findings"])
        known["docs_path"] = None if known["docs_path"] is None else Path(known["docs_path"])
        return cls(**known)
