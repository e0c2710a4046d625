"""Judges a table as a whole: rows accounted for, share of rejects, enough to learn from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recsys_core.dataset.schema import DatasetSpec, TableSpec
from recsys_core.reading import ReadSummary
from recsys_core.validating import suites
from recsys_core.validating.diagnosing import diagnosis
from recsys_core.validating.limits import RejectLimits
from recsys_core.validating.rejecting import RowWriter
from recsys_core.validating.running import ExpectationRunner, RuleResult
from recsys_core.validating.suites import Rule
from recsys_core.validating.summary import ExpectationOutcome, Finding
from recsys_core.validating.tally import RuleTally

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["JudgedTotals", "judge_totals"]

_MEND: Final = "Mend the file or name another one"


@dataclass(frozen=True, slots=True)
class JudgedTotals:
    """What was said of the whole table; ``faults`` are what stops everything built on it."""

    tallies: tuple[RuleTally, ...]
    outcomes: tuple[ExpectationOutcome, ...]
    faults: tuple[Finding, ...]


def judge_totals(
    table: TableSpec,
    dataset: DatasetSpec,
    read: ReadSummary,
    limits: RejectLimits,
    *,
    writer: RowWriter,
    runner: ExpectationRunner,
    tallies: list[RuleTally],
) -> JudgedTotals:
    """``tallies`` are those of the columns and rows; of them, the critical and the unanswered ones are faults.

    Only what explains the rest is said: without its columns a table is not also too small.
    """
    totals = _totals(read, writer)
    total_tallies, outcomes = [], []
    for result in runner.run(totals, suites.total_rules(table, dataset, limits)):
        total_tallies.append(RuleTally(result.rule))
        total_tallies[-1].add(result)
        outcomes.append(_outcome(result, totals))
    faults = [
        (tally.rule, tally.rule.kind, f"{tally.outcome().message}. {_MEND}")
        for tally in tallies
        if tally.error is not None or (tally.rule.severity == "critical" and not tally.success)
    ]
    if not faults:
        broken = [
            (tally.rule, found) for tally, found in zip(total_tallies, outcomes, strict=True) if not found.success
        ]
        faults = [
            (rule, *_fault(rule, found, writer, table, dataset))
            for rule, found in (broken if writer.n_accepted else broken[:1])
        ]
    findings = (
        Finding(
            "error", table.shown, rule.column, kind, _count(rule, writer), f"{table.shown} ({read.file}): {message}"
        )
        for rule, kind, message in faults
    )
    return JudgedTotals(tuple(total_tallies), tuple(outcomes), tuple(findings))


def _totals(read: ReadSummary, writer: RowWriter) -> "pd.DataFrame":
    """One row with a column per total."""
    import pandas as pd

    n_judged = read.n_rows - writer.n_left_out
    totals = {
        suites.ROWS_IN: read.n_rows,
        suites.ROWS_ACCOUNTED_FOR: writer.n_accepted + writer.n_rejected,
        suites.ROWS_ACCEPTED: writer.n_accepted,
        suites.ROWS_UNRATED: writer.n_left_out,
        suites.REJECTED_SHARE: _n_faulty(writer) / n_judged if n_judged else 0.0,
        suites.HIGHEST_RATING: writer.highest or 0.0,
        **{suites.distinct_total(name): count for name, count in writer.distinct.items()},
    }
    return pd.DataFrame([totals])


def _outcome(result: RuleResult, totals: "pd.DataFrame") -> ExpectationOutcome:
    """A total in words. Every row of the table belongs to it, but only rejected ones are "unexpected"."""
    rule = result.rule
    row = totals.iloc[0]
    n_unrated = int(row[suites.ROWS_UNRATED])
    n_rejected = int(row[suites.ROWS_ACCOUNTED_FOR] - row[suites.ROWS_ACCEPTED]) - n_unrated
    n_rows = int(row[suites.ROWS_IN])
    name = rule.arguments.get("column")
    if name is None:
        found = f"{n_rows} rows in, {row[suites.ROWS_ACCOUNTED_FOR]:.0f} accepted or rejected"
    elif name == suites.REJECTED_SHARE:
        found = f"{n_rejected} of {n_rows - n_unrated} rows rejected ({row[name]:.1%})"
    elif name == suites.HIGHEST_RATING:
        found = f"the {name} is {row[name]:g}"
    else:
        found = f"{row[name]:.0f} {name}"
    return ExpectationOutcome(
        expectation=rule.expectation,
        column=rule.column,
        severity=rule.severity,
        success=result.success,
        n_unexpected=0 if result.success else n_rejected,
        n_rows=n_rows,
        examples=() if result.success else (found,),
        message=found if result.success else f"{found}: {rule.breach}",
    )


def _n_faulty(writer: RowWriter) -> int:
    """Rejected rows that were not declared to say nothing."""
    return writer.n_rejected - writer.n_left_out


def _count(rule: Rule, writer: RowWriter) -> int | None:
    """The rows that a broken rule is about, where it is about some."""
    counts = {"too_many_rejected": _n_faulty(writer), "no_relevant_rating": writer.n_accepted}
    return counts.get(rule.kind)


def _fault(
    rule: Rule, found: ExpectationOutcome, writer: RowWriter, table: TableSpec, dataset: DatasetSpec
) -> tuple[str, str]:
    """The kind of the fault, and its message, with the most frequent reason for a rejection and examples of it.

    Where one reason rejects most of the rows, the file is another one than was declared: more rejects are no remedy.
    """
    if rule.kind == "no_relevant_rating":  # its breach says what to do, and rejected rows are not behind it
        return rule.kind, found.message
    of_share = rule.arguments.get("column") == suites.REJECTED_SHARE
    by = "" if of_share else f" ({rule.expectation} on {rule.column or 'the table'})"
    if not writer.counts:
        return rule.kind, f"{found.message}{by}. {_MEND}"
    most = writer.most_frequent()[0]
    kind, action = diagnosis(most, table, dataset) or (rule.kind, _MEND)
    if of_share and action == _MEND and most.n_rows <= _n_faulty(writer) / 2:
        action = "Mend the file, or raise max_rejected_share"
    return kind if of_share else rule.kind, f"{found.message}{by}. Most frequent reason: {most}. {action}"
