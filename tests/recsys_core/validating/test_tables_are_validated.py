"""Validation of one table: every row accounted for, chunk by chunk, with Great Expectations as the judge."""

import json
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.schema import TableSpec
from recsys_core.errors import FailedValidationError, ParameterError
from recsys_core.reading import REJECTED_SCHEMA, ReadSummary, RejectedRow, RejectedWriter, write_absent_table
from recsys_core.validating import (
    RejectLimits,
    ValidationSummary,
    data_docs,
    docs_index,
    known_ids,
    raise_faults,
    tables_in_order,
    validate_table,
)

pytestmark = pytest.mark.xdist_group("great_expectations")

NOW = 1_700_000_000
MOMENT = 1_600_000_000
RATINGS = MOVIELENS.table("ratings")
KNOWN = {("movies", "item_id"): np.arange(1, 101, dtype=np.int64)}


def _ratings(n_rows: int = 40) -> dict[str, list[Any]]:
    return {
        "user_id": [1 + number // 10 for number in range(n_rows)],
        "item_id": [1 + number % 10 for number in range(n_rows)],
        "rating": [0.5 + number % 10 / 2 for number in range(n_rows)],
        "timestamp": [MOMENT + number for number in range(n_rows)],
    }


def _read(directory: Path, table: TableSpec, columns: dict[str, list[Any]], unreadable: int = 0) -> ReadSummary:
    """What reading leaves: rows with their lines, and ``unreadable`` refused ones before them."""
    directory.mkdir()
    n_rows = len(next(iter(columns.values())))
    types = [(name, table.column(name).arrow_type) for name in columns if name in table.column_names]
    values = [columns[name] for name, _ in types]
    lines = list(range(2 + unreadable, 2 + unreadable + n_rows))
    rows = pa.table([*values, lines], schema=pa.schema([*types, ("line", pa.int64())]))
    pq.write_table(rows, directory / "rows.parquet", row_group_size=9)
    with RejectedWriter(directory, f"{table.name}.csv") as writer:
        writer.add(RejectedRow(2 + number, "too few columns", "1,2") for number in range(unreadable))
    return ReadSummary(table.name, f"{table.name}.csv", "0123456789abcdef", n_rows + unreadable, n_rows, unreadable)


def _validate(
    directory: Path,
    columns: dict[str, list[Any]],
    *,
    table: TableSpec = RATINGS,
    unreadable: int = 0,
    known: dict[tuple[str, str], NDArray[np.int64]] = KNOWN,
    limits: RejectLimits = RejectLimits(),  # noqa: B008 - frozen
    **options: Any,
) -> ValidationSummary:
    directory.mkdir(exist_ok=True)
    read = _read(directory / "raw", table, columns, unreadable)
    options = {"now": NOW, "docs_directory": None, **options}
    return validate_table(
        directory / "raw", table, MOVIELENS, directory, read=read, known=known, limits=limits, **options
    )


def _rejected(directory: Path) -> list[dict[str, Any]]:
    return list(pq.read_table(directory / "rejected.parquet").to_pylist())


def test_sound_rows_come_out_as_they_went_in(tmp_path: Path) -> None:
    summary = _validate(tmp_path, _ratings())

    accepted = pq.read_table(tmp_path / "rows.parquet")
    assert (summary.n_in, summary.n_accepted, summary.n_rejected) == (40, 40, 0)
    assert summary.passed
    assert accepted.schema.equals(RATINGS.arrow_schema)
    assert accepted.to_pydict() == _ratings()
    assert all(outcome.success for outcome in summary.outcomes)
    assert pq.read_schema(tmp_path / "rejected.parquet").equals(REJECTED_SCHEMA)


def test_chunks_do_not_change_what_is_found(tmp_path: Path) -> None:
    columns = _ratings()
    columns["rating"][3] = columns["rating"][33] = 9.0
    for name in columns:  # the third row again, far from it
        columns[name].append(columns[name][2])
    columns["user_id"][20] = None
    whole = _validate(tmp_path / "whole", columns, limits=RejectLimits(max_rejected_share=1.0))
    pieces = _validate(tmp_path / "pieces", columns, limits=RejectLimits(max_rejected_share=1.0), chunk_rows=7)

    assert pieces == whole
    assert whole.n_rejected == 4
    for name in ("rows.parquet", "rejected.parquet"):
        assert pq.read_table(tmp_path / "pieces" / name).equals(pq.read_table(tmp_path / "whole" / name))


def test_a_rejected_row_tells_file_line_column_expectation_reason_and_text(tmp_path: Path) -> None:
    columns = _ratings()
    columns["rating"][5] = 6.0

    _validate(tmp_path, columns)

    assert _rejected(tmp_path) == [
        {
            "file": "ratings.csv",
            "line": 7,
            "column": "rating",
            "expectation": "expect_column_values_to_be_in_set",
            "reason": "rating 6.0 is not on the scale 0.5 to 5.0 by 0.5",
            "text": f"1,6,6.0,{MOMENT + 5}",
        }
    ]


def test_a_row_with_several_faults_is_rejected_once_for_the_first_declared(tmp_path: Path) -> None:
    columns = _ratings()
    columns["user_id"][0], columns["rating"][0], columns["timestamp"][0] = None, 9.0, 0

    summary = _validate(tmp_path, columns)

    assert [row["reason"] for row in _rejected(tmp_path)] == ["user_id is missing"]
    assert summary.rejected_by_reason == {"user_id is missing": 1}
    failed = {(outcome.column, outcome.n_unexpected) for outcome in summary.outcomes if not outcome.success}
    assert failed == {("user_id", 1), ("rating", 1), ("timestamp", 1)}


def test_a_rating_that_is_itself_rejected_does_not_replace_an_older_one(tmp_path: Path) -> None:
    columns = _ratings()
    for name, value in {"user_id": 1, "item_id": 1, "rating": 9.0, "timestamp": MOMENT + 1000}.items():
        columns[name].append(value)

    _validate(tmp_path, columns)

    assert [row["line"] for row in _rejected(tmp_path)] == [42]
    assert pq.read_table(tmp_path / "rows.parquet").num_rows == 40


def test_unreadable_lines_count_as_rows_and_as_rejects(tmp_path: Path) -> None:
    summary = _validate(tmp_path, _ratings(), unreadable=2)

    assert (summary.n_in, summary.n_accepted, summary.n_rejected) == (42, 40, 2)
    assert summary.rejected_by_reason == {"too few columns": 2}
    assert [row["line"] for row in _rejected(tmp_path)] == [2, 3]


def test_too_many_rejects_are_a_fault_that_names_expectation_column_count_and_examples(tmp_path: Path) -> None:
    columns = _ratings()
    columns["rating"][:4] = [6.0, 7.0, 8.0, 9.0]

    summary = _validate(tmp_path, columns)

    (fault,) = summary.faults
    assert not summary.passed
    assert "4 of 40 rows rejected (10.0%): more than the 5.0% that may be" in fault
    assert "expect_column_values_to_be_in_set on rating, 4 rows" in fault
    assert [f"rating {value} is" in fault for value in (6.0, 7.0, 8.0, 9.0)] == [True, True, True, False]
    with pytest.raises(FailedValidationError, match="4 of 40 rows"):
        raise_faults(summary)


def test_exactly_the_allowed_share_may_be_rejected(tmp_path: Path) -> None:
    columns = _ratings()
    columns["rating"][:2] = [6.0, 7.0]

    assert _validate(tmp_path, columns).passed


def test_rows_that_reading_lost_are_a_fault(tmp_path: Path) -> None:
    tmp_path.joinpath("out").mkdir()
    read = _read(tmp_path / "raw", RATINGS, _ratings())
    claimed = ReadSummary("ratings", "ratings.csv", read.sha256, 41, 41, 0)

    summary = validate_table(
        tmp_path / "raw",
        RATINGS,
        MOVIELENS,
        tmp_path / "out",
        read=claimed,
        known=KNOWN,
        now=NOW,
        limits=RejectLimits(),
        docs_directory=None,
    )

    assert "41 rows in, 40 accepted or rejected" in summary.faults[0]


def test_a_missing_column_is_a_fault_and_every_row_is_rejected(tmp_path: Path) -> None:
    columns = _ratings()
    del columns["rating"]

    summary = _validate(tmp_path, columns)

    (fault,) = summary.faults
    assert "expect_table_columns_to_match_set" in fault
    assert "user_id, item_id, rating, timestamp" in fault
    assert (summary.n_in, summary.n_accepted, summary.n_rejected) == (40, 0, 40)


def test_a_column_of_another_type_is_a_fault(tmp_path: Path) -> None:
    read = _read(tmp_path / "raw", RATINGS, _ratings())
    rows = pq.read_table(tmp_path / "raw" / "rows.parquet")
    place = rows.column_names.index("rating")
    rows = rows.set_column(place, "rating", pa.array(["good"] * 40))
    pq.write_table(rows, tmp_path / "raw" / "rows.parquet")

    summary = validate_table(
        tmp_path / "raw",
        RATINGS,
        MOVIELENS,
        tmp_path,
        read=read,
        known=KNOWN,
        now=NOW,
        limits=RejectLimits(),
        docs_directory=None,
    )

    assert "expect_column_values_to_be_of_type on rating: rating is not of type float64" in summary.faults[0]


def test_severities_say_what_stops_rejects_and_only_tells(tmp_path: Path) -> None:
    columns = {"item_id": list(range(1, 41)), "imdb_id": ["1"] * 40, "tmdb_id": [None, *range(2, 41)]}
    columns["item_id"][7] = 999

    summary = _validate(tmp_path, columns, table=MOVIELENS.table("links"))

    by_severity: dict[str, set[bool]] = {}
    for outcome in summary.outcomes:
        by_severity.setdefault(outcome.severity, set()).add(outcome.success)
    assert by_severity == {"critical": {True}, "warning": {True, False}, "info": {True}}
    (missing,) = [o for o in summary.outcomes if o.column == "tmdb_id" and o.severity == "info"]
    assert (missing.n_unexpected, missing.n_rows, missing.examples) == (1, 40, ("empty (line 2)",))
    assert pq.read_table(tmp_path / "rows.parquet")["tmdb_id"].null_count == 1


def test_examples_are_at_most_three_and_come_with_their_lines(tmp_path: Path) -> None:
    columns = _ratings()
    columns["rating"][10:16] = [6.0] * 6

    summary = _validate(tmp_path, columns, limits=RejectLimits(max_rejected_share=0.5), chunk_rows=12)

    (outcome,) = [outcome for outcome in summary.outcomes if not outcome.success]
    assert outcome.n_unexpected == 6
    assert outcome.examples == ("6.0 (line 12)", "6.0 (line 13)", "6.0 (line 14)")


def test_unprintable_text_is_escaped_in_reasons(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {
        "user_id": [1] * 40,
        "item_id": [1, 1, *range(2, 40)],
        "tag": ["\u200bodd", "\u200bodd", *["fine"] * 38],
        "timestamp": [MOMENT] * 40,
    }

    _validate(tmp_path, columns, table=MOVIELENS.table("tags"))

    (row,) = _rejected(tmp_path)
    assert row["reason"] == (
        "(user_id, item_id, tag) = (1, 1, '\\u200bodd') is repeated: only the newest row is kept, on line 3"
    )
    assert row["text"] == f"1,1,\\u200bodd,{MOMENT}"


def test_an_absent_optional_table_is_empty_and_passes(tmp_path: Path) -> None:
    table = MOVIELENS.table("tags")
    (tmp_path / "raw").mkdir()
    read = write_absent_table(table, tmp_path / "raw")

    summary = validate_table(
        tmp_path / "raw",
        table,
        MOVIELENS,
        tmp_path,
        read=read,
        known={},
        now=NOW,
        limits=RejectLimits(),
        docs_directory=tmp_path / "docs",
    )

    assert summary == ValidationSummary("tags", 0, 0, 0)
    assert pq.read_table(tmp_path / "rows.parquet").schema.equals(table.arrow_schema)


def test_ids_to_refer_to_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"ratings refers to movies\.item_id"):
        _validate(tmp_path, _ratings(), known={})


def test_known_ids_are_sorted_and_each_listed_once(tmp_path: Path) -> None:
    _validate(tmp_path, _ratings())

    assert known_ids(tmp_path, "user_id").tolist() == [1, 2, 3, 4]


def test_a_summary_survives_json(tmp_path: Path) -> None:
    columns = _ratings()
    columns["rating"][0] = float("nan")
    columns["rating"][1] = float("inf")
    summary = _validate(tmp_path, columns, docs_directory=tmp_path / "docs")

    assert ValidationSummary.from_dict(json.loads(json.dumps(summary.as_dict(), allow_nan=False))) == summary
    assert summary.n_rejected == 2


def test_tables_come_behind_those_that_they_refer_to() -> None:
    names = [table.name for table in tables_in_order(MOVIELENS)]

    assert sorted(names) == sorted(table.name for table in MOVIELENS.tables)
    for table in MOVIELENS.tables:
        assert all(names.index(other) < names.index(table.name) for _, other, _ in table.references)


def test_data_docs_show_the_numbers_of_all_chunks(tmp_path: Path) -> None:
    columns = _ratings()
    columns["rating"][1] = columns["rating"][31] = 6.0

    summary = _validate(tmp_path, columns, docs_directory=tmp_path / "docs", chunk_rows=10)

    assert summary.docs_path is not None
    page = (tmp_path / "docs" / summary.docs_path).read_text(encoding="utf-8")
    assert "2 unexpected values found. 5% of 40 total rows." in page
    assert "item_id known in movies" in page
    assert "newest of its (user_id, item_id)" in page
    assert summary.docs_path.name in docs_index(tmp_path / "docs").read_text(encoding="utf-8")


def test_what_is_stored_of_data_docs_holds_after_the_folder_was_moved(tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(tmp_path)
    summary = _validate(tmp_path, _ratings(), docs_directory=tmp_path / "linked" / "docs")

    assert str(tmp_path) not in json.dumps(summary.as_dict())
    stored = ValidationSummary.from_dict(json.loads(json.dumps(summary.as_dict())))
    moved = (tmp_path / "docs").rename(tmp_path / "moved")
    assert stored == summary
    assert stored.docs_path is not None
    assert not stored.docs_path.is_absolute()
    assert "ratings" in (moved / stored.docs_path).read_text(encoding="utf-8")


def test_data_docs_keep_the_newest_validations_and_link_no_removed_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_docs, "KEPT_VALIDATIONS", 2)

    pages = [
        _validate(tmp_path / f"{number}", _ratings(), docs_directory=tmp_path / "docs", now=NOW + number).docs_path
        for number in range(4)
    ]

    index = docs_index(tmp_path / "docs").read_text(encoding="utf-8")
    assert [page is not None and (tmp_path / "docs" / page).is_file() for page in pages] == [False, False, True, True]
    assert [page is not None and page.parent.name in index for page in pages] == [False, False, True, True]


def test_validation_is_silent_and_calls_nobody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("validation opened a network connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    columns = _ratings()
    columns["rating"][1] = 6.0

    assert _validate(tmp_path, columns, docs_directory=tmp_path / "docs").passed
    assert capfd.readouterr() == ("", "")
