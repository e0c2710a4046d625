"""Validated tables: Great Expectations suites decide which rows go on, and whether anything goes on at all."""

from dataclasses import fields, replace
from functools import partial
from typing import Any

import dagster as dg

from assets.materialising import Inputs, Made, Shown, Step, recsys_asset
from assets.materialising.names import raw_asset
from assets.materialising.step import ANOTHER_HOME
from assets.presenting import table_page, text_table
from recsys_core.dataset.catalogues import LEAST_COMMON, share_in_common
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.relevance import RelevanceParameters
from recsys_core.dataset.schema import DatasetSpec
from recsys_core.dataset.table_folders import CleanTable, RawTable
from recsys_core.errors import DataError
from recsys_core.reading import ReadSummary
from recsys_core.validating import (
    RejectLimits,
    ValidationSummary,
    has_ratings,
    known_ids,
    tables_in_order,
)

__all__ = ["validated"]

_CHECKS = (
    ("expectations", "every table-level expectation of the suite holds, and few enough rows were rejected"),
    ("rows_add_up", "rows in = rows accepted + rows rejected"),
)


def validated(inputs: Inputs, **tables: Any) -> Made[CleanTable]:
    """The rows of the raw table that its suite lets through, the others with their reasons.

    ``tables`` are the raw table and the validated ones that it refers to.
    """
    raw: RawTable = tables[raw_asset(inputs.asset)]
    table, dataset = inputs.dataset.table(inputs.asset), inputs.dataset
    if has_ratings(table):
        dataset = replace(dataset, relevance=inputs.of(RelevanceParameters))
    summary = inputs.places.engine.validate(
        raw.directory,
        table,
        dataset,
        inputs.places.scratch,
        read=ReadSummary(**{field.name: raw.summary[field.name] for field in fields(ReadSummary)}),
        known={(other, column): known_ids(tables[other].directory, column) for _, other, column in table.references},
        now=inputs.now,
        limits=inputs.of(RejectLimits),
        docs_directory=inputs.places.docs,
    )
    return Made(CleanTable(inputs.places.scratch, summary.as_dict()), facts=summary)


def of_one_catalogue(before: CleanTable, now: CleanTable, names: tuple[str, str]) -> None:
    """Refuse items of which fewer than half are those that the home has: people would be recommended what is not there.

    The share is that of the smaller catalogue. ``names`` are those of the two data sets, which must be one.
    """
    had, has = known_ids(before.directory, "item_id"), known_ids(now.directory, "item_id")
    share, smaller = share_in_common(had, has), min(len(had), len(has))
    common = f"{share:.1%} of the smaller one's {smaller:,} items are in both; {ANOTHER_HOME}"
    if names[0] != names[1]:
        raise DataError(f"this home belongs to the data set {names[0]}, this is {names[1]}: {common}")
    if share < LEAST_COMMON:
        raise DataError(f"this home belongs to another catalogue: {common}")


def _show(step: Step) -> Shown:
    summary: ValidationSummary = step.made.facts
    metadata: dict[str, Any] = table_page(step.inputs.dataset.table(step.inputs.asset), step.value, step.where)
    if summary.docs_path is not None:
        page = step.inputs.places.docs / summary.docs_path
        metadata["data_docs"] = dg.MetadataValue.url(page.resolve().as_uri())
    return Shown(metadata, _check_results(summary))


def _check_results(summary: ValidationSummary) -> tuple[dg.AssetCheckResult, ...]:
    outcomes = text_table(
        ["expectation", "column", "severity", "rows failing", "examples"],
        [(o.expectation, o.column, o.severity, o.n_unexpected, ", ".join(o.examples)) for o in summary.outcomes],
    )
    told = "; ".join(finding.message for finding in summary.findings if finding.kind == "left_out")
    counts = {"rows_in": summary.n_in, "accepted": summary.n_accepted, "rejected": summary.n_rejected}
    return (
        dg.AssetCheckResult(
            check_name="expectations",
            passed=summary.passed and not told,
            severity=dg.AssetCheckSeverity.WARN if told else dg.AssetCheckSeverity.ERROR,
            description="; ".join(summary.faults) or told or f"{len(summary.outcomes)} expectations",
            metadata={"expectations": outcomes},
        ),
        dg.AssetCheckResult(
            check_name="rows_add_up",
            passed=summary.n_in == summary.n_accepted + summary.n_rejected,
            severity=dg.AssetCheckSeverity.ERROR,
            description=f"{summary.n_in} = {summary.n_accepted} + {summary.n_rejected}",
            metadata=counts,
        ),
    )


def _description(name: str, dataset: DatasetSpec) -> str:
    table = dataset.table(name)
    return f"The accepted rows of {table.shown}: {table.description}. The rejected ones apart, with reasons."


for _table in tables_in_order(MOVIELENS):
    recsys_asset(
        name=_table.name,
        describe=partial(_description, _table.name),
        group="validated",
        kinds={"greatexpectations", "parquet"},
        show=_show,
        modules=("recsys_core.validating", "recsys_core.reading"),
        steps=("validate",),
        upstream={raw_asset(_table.name): RawTable, **{other: CleanTable for _, other, _ in _table.references}},
        parameters=("validation", "relevance") if has_ratings(_table) else ("validation",),
        checks=_CHECKS,
        follows=of_one_catalogue if _table.name == "movies" else None,
    )(validated)
