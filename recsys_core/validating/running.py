"""Runs rules on pandas frames by Great Expectations: the only judge of what is expected and what is not."""

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recsys_core.validating.suites import Rule

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ExpectationRunner", "RuleResult", "expectation_of", "import_great_expectations", "without_telemetry"]

# Without the query, a chunk in which every row fails costs 0.2 s instead of 0.4 s per million rows.
_WITH_ROWS = {"result_format": "COMPLETE", "return_unexpected_index_query": False}


def import_great_expectations() -> Any:
    """The library, imported on first use (it takes 4 to 12 s) and without the warnings of its import."""
    with warnings.catch_warnings(), _without_spark():
        warnings.simplefilter("ignore")
        import great_expectations
        import great_expectations.expectations
    return great_expectations


@contextmanager
def _without_spark() -> Iterator[None]:
    """As if PySpark were not there: Great Expectations imports it where it is, for frames that are none of ours.

    Its client for Spark Connect takes a program without a file, as a worker of Dagster's or of the tests' is, for a run
    of its own doctests, and where its requirements lack it ends that program with code 0.
    """
    missing: Any = None
    hidden = [name for name in ("pyspark", "pyspark.sql.connect") if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden, missing))
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


def without_telemetry(context: Any) -> Any:
    """Switch a context's telemetry off, and save that where it is kept in files; returns the context."""
    context.enable_analytics(False)
    return context


@cache
def _batch_definition() -> Any:
    """A place in memory to hand frames to, made once per process: each context costs 50 ms."""
    context = without_telemetry(import_great_expectations().get_context(mode="ephemeral"))
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("tables").add_dataframe_asset("table")
    return asset.add_batch_definition_whole_dataframe("chunk")


@dataclass(frozen=True, slots=True, eq=False)
class RuleResult:
    """What Great Expectations said about one rule on one frame.

    positions   row numbers (from 0) in the frame that broke the rule, ascending
    error       why the rule could not be evaluated at all
    validation  the library's own result, for Data Docs
    """

    rule: Rule
    success: bool
    n_rows: int
    n_unexpected: int
    positions: NDArray[np.int64]
    error: str | None
    validation: Any


class ExpectationRunner:
    """Great Expectations in memory. Make one per table: it remembers the suites that it has run."""

    def __init__(self) -> None:
        self._gx = import_great_expectations()
        from great_expectations.validator.v1_validator import Validator

        self._validator = Validator
        self._suites: dict[tuple[int, ...], tuple[Sequence[Rule], Any]] = {}  # made once, not for every chunk
        self._definition = _batch_definition()

    def run(self, frame: "pd.DataFrame", rules: Sequence[Rule]) -> list[RuleResult]:
        """One result per rule, in order. ``frame`` has a RangeIndex.

        First in the cheap format; only rules that fail are run again for the numbers of their rows.
        """
        if not rules:
            return []
        # One validator for both runs: each new one hashes the whole frame.
        validator = self._validator(self._definition, batch_parameters={"dataframe": frame})
        validations = self._validate(validator, rules, {"result_format": "BASIC"})
        failed = [
            number
            for number, (rule, validation) in enumerate(zip(rules, validations, strict=True))
            if validation.result.get("unexpected_count") and rule.severity != "critical"
        ]
        if failed:
            again = self._validate(validator, [rules[number] for number in failed], _WITH_ROWS)
            for number, validation in zip(failed, again, strict=True):
                validations[number] = validation
        return [_result(rule, validation, len(frame)) for rule, validation in zip(rules, validations, strict=True)]

    def _validate(self, validator: Any, rules: Sequence[Rule], result_format: dict[str, Any]) -> list[Any]:
        key = tuple(id(rule) for rule in rules)
        if key not in self._suites:
            suite = self._gx.ExpectationSuite(name="rules", expectations=[expectation_of(rule) for rule in rules])
            self._suites[key] = (rules, suite)  # with the rules, so that their ids stay theirs
        validator.result_format = result_format
        return list(validator.validate_expectation_suite(self._suites[key][1]).results)


def expectation_of(rule: Rule) -> Any:
    """The library's expectation for ``rule``."""
    name = "".join(part.title() for part in rule.expectation.split("_"))
    consequence = "Rows that break it are rejected." if rule.rejects_rows else None
    expectation = getattr(import_great_expectations().expectations, name)
    return expectation(**rule.arguments, severity=rule.severity, notes=consequence)


def _result(rule: Rule, validation: Any, n_rows: int) -> RuleResult:
    details = validation.result
    positions = np.asarray(details.get("unexpected_index_list") or [], dtype=np.int64)
    return RuleResult(
        rule=rule,
        success=bool(validation.success),
        n_rows=n_rows,
        n_unexpected=int(details.get("unexpected_count") or 0),
        positions=np.sort(positions),
        error=_error(validation.exception_info),
        validation=validation,
    )


def _error(information: Any) -> str | None:
    """The message of an exception, which the library gives either flat or by metric."""
    if not information:
        return None
    entries = [information] if "raised_exception" in information else list(information.values())
    messages = [str(entry["exception_message"]) for entry in entries if entry.get("raised_exception")]
    return messages[0] if messages else None
