"""Judges a table as a whole: rows accounted for, share of rejects, enough to learn from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recsys_core.dataset.schema import TableSpec
from recsys_core.reading import ReadSummary
from recsys_core.validating import suites
from recsys_core.validating.limits import RejectLimits
from recsys_core.validating.rejecting import RowWriter
from recsys_core.validating.running import ExpectationRunner
from recsys_core.validating.summary import ExpectationOutcome
from recsys_core.validating.tally import RuleTally

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["JudgedTotals", "judge_totals"]


@dataclass(frozen=True, slots=True)
class JudgedTotals:
    """What was said of the whole table; ``faults`` are the messages that stop everything built on it."""

    tallies: tuple[RuleTally, ...]
    outcomes: tuple[ExpectationOutcome, ...]
    faults: tuple[str, ...]


def judge_totals(
    table: TableSpec,
    read: ReadSummary,
    limits: RejectLimits,
    *,
    writer: RowWriter,
    runner: ExpectationRunner,
    tallies: list[RuleTally],
) -> JudgedTotals:
    """``tallies`` are those of the columns and rows; of them, the critical and the unanswered ones are faults."""
    file = f"{table.name} ({read.file})"
    faults = [
        f"{file}: {tally.outcome().message}"
        for tally in tallies
        if tally.error is not None or (tally.rule.severity == "critical" and not tally.success)
    ]
    totals = _totals(read, writer)
    total_tallies, outcomes = [], []
    for result in runner.run(totals, suites.total_rules(table, limits)):
        tally = RuleTally(result.rule)
        tally.add(result)
        total_tallies.append(tally)
        found = _found(result.rule, totals)
        subject = f"{result.rule.expectation} on {result.rule.column or 'the table'}"
        message = f"{subject}: {found}" + ("" if result.success else f" {result.rule.breach}")
        example = () if result.success else (found,)
        outcomes.append(
            ExpectationOutcome(
                result.rule.expectation,
                result.rule.column,
                result.rule.severity,
                result.success,
                0 if result.success else _n_unexpected(result.rule, read, writer),
                read.n_rows,
                example,
                message,
            )
        )
        needless = writer.n_accepted == 0 and bool(result.rule.columns)  # an empty table also has no users
        if not result.success and not needless:
            faults.append(f"{file}: {message}{_rejects(writer)}. {_action(result.rule)}")
    return JudgedTotals(tuple(total_tallies), tuple(outcomes), tuple(faults))


def _totals(read: ReadSummary, writer: RowWriter) -> "pd.DataFrame":
    """One row with a column per total."""
    import pandas as pd

    n_rows = read.n_rows
    totals = {
        suites.ROWS_IN: n_rows,
        suites.ROWS_ACCOUNTED_FOR: writer.n_accepted + writer.n_rejected,
        suites.ROWS_ACCEPTED: writer.n_accepted,
        suites.REJECTED_SHARE: writer.n_rejected / n_rows if n_rows else 0.0,
        **{suites.distinct_total(name): len(values) for name, values in writer.distinct.items()},
    }
    return pd.DataFrame([totals])


def _found(rule: suites.Rule, totals: "pd.DataFrame") -> str:
    """The total in words."""
    row = totals.iloc[0]
    name = rule.arguments.get("column")
    if name == suites.REJECTED_SHARE:
        rejected = row[suites.ROWS_ACCOUNTED_FOR] - row[suites.ROWS_ACCEPTED]
        return f"{name} {row[name]:.1%}, {rejected:.0f} of {row[suites.ROWS_IN]:.0f} rows,"
    if name is None:
        return f"{row[suites.ROWS_IN]:.0f} rows in, {row[suites.ROWS_ACCOUNTED_FOR]:.0f} accepted or rejected"
    return f"{row[name]:.0f} {name}"


def _n_unexpected(rule: suites.Rule, read: ReadSummary, writer: RowWriter) -> int:
    if rule.arguments.get("column") == suites.REJECTED_SHARE:
        return writer.n_rejected
    return read.n_rows


def _rejects(writer: RowWriter) -> str:
    """The most frequent reason for a rejection, with its count and examples."""
    if not writer.counts:
        return ""
    most = max(writer.counts.values(), key=lambda count: count.n_rows)
    return f". Most of the {writer.n_rejected} rejected rows: {most}"


def _action(rule: suites.Rule) -> str:
    if rule.arguments.get("column") == suites.REJECTED_SHARE:
        return "Mend the file, or raise max_rejected_share"
    return "Mend the file or name another one"
