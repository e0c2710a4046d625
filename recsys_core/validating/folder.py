"""A folder of CSV files → validated tables, in one call and without orchestration."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_core.dataset.schema import DatasetSpec, TableSpec
from recsys_core.errors import FailedValidationError, ParameterError
from recsys_core.reading import locate_table, read_or_leave_out
from recsys_core.validating.limits import RejectLimits
from recsys_core.validating.summary import ValidationSummary
from recsys_core.validating.table import known_ids, validate_table

__all__ = ["clean_folder", "raise_faults", "tables_in_order"]


def tables_in_order(dataset: DatasetSpec) -> tuple[TableSpec, ...]:
    """The declared tables, each behind those that it refers to, otherwise as declared."""
    ordered: dict[str, TableSpec] = {}

    def place(table: TableSpec, waiting: tuple[str, ...]) -> None:
        if table.name in waiting:
            raise ParameterError(f"data set {dataset.name}: tables refer to each other: {' → '.join(waiting)}")
        for _, other, _ in table.references:
            if other not in ordered:
                place(dataset.table(other), (*waiting, table.name))
        ordered.setdefault(table.name, table)

    for table in dataset.tables:
        place(table, ())
    return tuple(ordered.values())


def raise_faults(summary: ValidationSummary) -> None:
    """Raise FailedValidationError with all faults of ``summary`` in one message; nothing if it passed."""
    if summary.faults:
        raise FailedValidationError("\n".join(summary.faults))


def clean_folder(
    data_dir: Path,
    dataset: DatasetSpec,
    directory: Path,
    *,
    now: int,
    limits: RejectLimits,
    docs_directory: Path | None = None,
) -> dict[str, ValidationSummary]:
    """Read and validate every declared table of ``data_dir``, those that others refer to first.

    Leaves in the existing folder ``directory`` for each table ``raw/<table>/`` and ``validated/<table>/``, each
    with rows.parquet and rejected.parquet. ``now`` is in seconds since 1970, UTC.

    Stops at the first table that cannot be used: MissingFileError (before anything is read, if a required file is
    not there), MalformedFileError, or FailedValidationError with the table's faults.
    """
    files = {table.name: locate_table(data_dir, table) for table in dataset.tables}
    summaries: dict[str, ValidationSummary] = {}
    known: dict[tuple[str, str], NDArray[np.int64]] = {}
    for table in tables_in_order(dataset):
        raw, validated = directory / "raw" / table.name, directory / "validated" / table.name
        for folder in (raw, validated):
            folder.mkdir(parents=True)
        read = read_or_leave_out(files[table.name], table, raw)
        summary = validate_table(
            raw,
            table,
            dataset,
            validated,
            read=read,
            known=known,
            now=now,
            limits=limits,
            docs_directory=docs_directory,
        )
        raise_faults(summary)
        summaries[table.name] = summary
        for column in _referred_columns(dataset, table):
            known[table.name, column] = known_ids(validated, column)
    return summaries


def _referred_columns(dataset: DatasetSpec, table: TableSpec) -> Iterator[str]:
    """Columns of ``table`` that some table refers to."""
    yield from dict.fromkeys(
        column for other in dataset.tables for _, name, column in other.references if name == table.name
    )
