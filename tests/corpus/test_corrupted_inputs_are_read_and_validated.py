"""Every corrupted input at the level of reading and validating: rows accounted for, or one clear stop."""

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from recsys_core import errors
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.roles import TABLE_NAMES
from recsys_core.dataset.schema import DatasetSpec
from recsys_core.validating import RejectLimits, clean_folder
from tests.corpus.corrupted_inputs import CORRUPTED_INPUTS, CorruptedInput
from tests.corpus.healthy_folder import HEALTHY_ROWS, lines_of, write_healthy_folder

NOW = 1_767_225_600  # 2026-01-01

# One worker for all of them: importing Great Expectations costs more than what they do with it.
pytestmark = pytest.mark.xdist_group("great_expectations")


def test_the_healthy_folder_has_the_rows_it_claims(tmp_path: Path) -> None:
    write_healthy_folder(tmp_path)

    assert {name: len(lines_of(tmp_path / f"{name}.csv")) - 1 for name in TABLE_NAMES} == HEALTHY_ROWS


def test_names_of_corrupted_inputs_are_unique() -> None:
    assert len({case.name for case in CORRUPTED_INPUTS}) == len(CORRUPTED_INPUTS) >= 25


@pytest.mark.parametrize("case", [case for case in CORRUPTED_INPUTS if not case.stop], ids=str)
def test_rows_of_a_usable_folder_are_accepted_or_rejected_with_a_reason(case: CorruptedInput, tmp_path: Path) -> None:
    case.write(tmp_path / "data")

    dataset = _dataset_of(case.tables)
    summaries = clean_folder(tmp_path / "data", dataset, tmp_path, now=NOW, limits=RejectLimits())

    for table in summaries:
        found = summaries[table]
        assert (table, found.n_in, found.n_rejected) == (table, case.n_in(table), case.n_rejected(table))
        assert found.n_accepted == found.n_in - found.n_rejected == _rows(tmp_path, table, "rows").num_rows
        assert sum(found.rejected_by_reason.values()) == found.n_rejected == _rows(tmp_path, table, "rejected").num_rows
    for expected in case.examples:
        rejected = _rows(tmp_path, expected.table, "rejected").to_pylist()
        (row,) = [row for row in rejected if row["line"] == expected.line]
        assert row["column"] == expected.column
        assert expected.reason in row["reason"]
        assert row["file"] == f"{expected.table}.csv"
        assert row["text"]


@pytest.mark.parametrize("case", [case for case in CORRUPTED_INPUTS if case.stop], ids=str)
def test_an_unusable_folder_stops_with_one_message(case: CorruptedInput, tmp_path: Path) -> None:
    case.write(tmp_path / "data")

    with pytest.raises(getattr(errors, case.error)) as stopped:
        clean_folder(tmp_path / "data", MOVIELENS, tmp_path, now=NOW, limits=RejectLimits())

    message = str(stopped.value)
    assert [part for part in case.stop if part not in message] == [], message
    assert message.count("\n") == 0
    assert len(message) < 1500


def _dataset_of(tables: tuple[str, ...]) -> DatasetSpec:
    """MovieLens with ``tables`` and those that they refer to: the others would only take time."""
    wanted = {*tables, *(other for name in tables for _, other, _ in MOVIELENS.table(name).references)}
    return replace(MOVIELENS, tables=tuple(table for table in MOVIELENS.tables if table.name in wanted))


def _rows(directory: Path, table: str, what: str) -> "pq.Table":
    return pq.read_table(directory / "validated" / table / f"{what}.parquet")
