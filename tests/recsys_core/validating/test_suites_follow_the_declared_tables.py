"""Suites are data: what is expected follows from the declared columns alone, for any data set."""

import pytest

from recsys_core.dataset.columns import ColumnSpec
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.relevance import RelevanceParameters
from recsys_core.dataset.schema import DatasetSpec, TableSpec
from recsys_core.errors import ParameterError
from recsys_core.validating import RejectLimits
from recsys_core.validating.suites import Rule, key_rule, row_rules, structure_rules, total_rules

NOW = 1_700_000_000
_LISTENS = TableSpec(
    "listens",
    (
        ColumnSpec("listener", "id"),
        ColumnSpec("song", "id"),
        ColumnSpec("rating", "float"),
        ColumnSpec("volume", "float"),
        ColumnSpec("skips", "int", minimum=0),
        ColumnSpec("note", "text", nullable=True),
    ),
    required=True,
    key=("listener", "song"),
    file_stems=("listens",),
    references=(("song", "songs", "song"),),
)
_TRACKS = TableSpec(
    "songs", (ColumnSpec("song", "id"),), required=True, key=("song",), file_stems=("songs",), called="tracks"
)
_SONGS = DatasetSpec(
    "songs", (_LISTENS, _TRACKS), Feedback(1.0, 10.0, 1.0), 1_000_000_000, RelevanceParameters(positive_threshold=7.0)
)


def _rules(table: TableSpec, dataset: DatasetSpec, column: str) -> dict[str, Rule]:
    return {rule.expectation: rule for rule in row_rules(table, dataset, NOW) if rule.column == column}


def test_ratings_are_expected_on_the_scale_of_the_data_set() -> None:
    rule = _rules(_LISTENS, _SONGS, "rating")["expect_column_values_to_be_in_set"]

    assert rule.arguments["value_set"] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
    assert rule.breach == "is not on the scale 1.0 to 10.0 by 1.0"


def test_no_float_may_be_infinite_even_without_declared_bounds() -> None:
    arguments = _rules(_LISTENS, _SONGS, "volume")["expect_column_values_to_be_between"].arguments

    assert -float("inf") < arguments["min_value"] < -1e308
    assert 1e308 < arguments["max_value"] < float("inf")


def test_declared_bounds_are_expected_and_open_ones_are_not() -> None:
    arguments = _rules(_LISTENS, _SONGS, "skips")["expect_column_values_to_be_between"].arguments

    assert (arguments["min_value"], arguments["max_value"]) == (0, None)


def test_a_nullable_column_is_counted_but_rejects_nothing() -> None:
    assert {rule.severity for rule in _rules(_LISTENS, _SONGS, "note").values()} == {"info"}


def test_timestamps_lie_between_the_first_plausible_moment_and_now() -> None:
    rules = [
        rule for rule in row_rules(MOVIELENS.table("ratings"), MOVIELENS, NOW) if rule.breach.startswith("lies in the")
    ]

    assert [rule.arguments["max_value"] for rule in rules] == [NOW]
    assert rules[0].breach == "lies in the future, after 2023-11-14 22:13:20 UTC"


@pytest.mark.parametrize("table", MOVIELENS.tables, ids=lambda table: table.name)
def test_every_declared_column_is_typed_and_every_reference_known(table: TableSpec) -> None:
    typed = {rule.column for rule in structure_rules(table)[1:]}
    known = {
        rule.arguments["column"] for rule in row_rules(table, MOVIELENS, NOW) if " known in " in str(rule.arguments)
    }

    assert typed == set(table.column_names)
    assert known == {f"{column} known in {other}" for column, other, _ in table.references}


def test_reasons_are_given_in_the_order_of_the_columns_and_the_key_comes_last() -> None:
    columns = [rule.column for rule in row_rules(_LISTENS, _SONGS, NOW) if rule.rejects_rows]

    assert list(dict.fromkeys(columns)) == ["listener", "song", "rating", "volume", "skips"]
    (known,) = [rule for rule in row_rules(_LISTENS, _SONGS, NOW) if " known in " in str(rule.arguments)]
    assert known.reason == "song is not known in tracks", "the table is called as people call it"
    assert key_rule(_LISTENS).column == "(listener, song)"
    assert key_rule(_LISTENS).breach == "is repeated: only the first row is kept"


def test_what_concerns_the_whole_table_is_critical() -> None:
    rules = (*structure_rules(_LISTENS), *total_rules(_LISTENS, _SONGS, RejectLimits()))

    assert {rule.severity for rule in rules} == {"critical"}
    assert {"distinct listener", "distinct song", "rejected share", "rows accepted", "highest rating"} < {
        rule.arguments.get("column") for rule in rules
    }


def test_an_optional_table_may_be_empty() -> None:
    rules = total_rules(MOVIELENS.table("tags"), MOVIELENS, RejectLimits())

    assert [rule.arguments.get("column") for rule in rules] == [None, "rejected share"]


def test_a_share_outside_0_to_1_is_refused_with_its_range() -> None:
    with pytest.raises(ParameterError, match=r"max_rejected_share = 5.*at least 0.0 and at most 1.0"):
        RejectLimits(max_rejected_share=5)
