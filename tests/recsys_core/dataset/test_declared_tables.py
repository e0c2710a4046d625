"""The declarations agree with one another and with the published files."""

import pyarrow as pa
import pytest

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.roles import TABLE_NAMES
from recsys_core.errors import ParameterError


def test_the_movielens_scale_is_half_stars_from_a_half_to_five() -> None:
    scale = MOVIELENS.feedback
    assert scale.values == (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)
    assert scale.middle == 2.75
    assert Feedback(1, 5, 1).values == (1, 2, 3, 4, 5)


def test_every_table_is_declared_once_under_its_name() -> None:
    assert tuple(table.name for table in MOVIELENS.tables) == TABLE_NAMES


def test_files_are_known_with_underscore_and_with_hyphen() -> None:
    assert MOVIELENS.table("genome_scores").file_stems == ("genome_scores", "genome-scores", "genome_score")
    assert MOVIELENS.table("ratings").file_stems == ("ratings", "rating")


@pytest.mark.parametrize("table", MOVIELENS.tables, ids=lambda table: table.name)
def test_keys_and_references_name_declared_columns(table: object) -> None:
    for column in table.key:  # type: ignore[attr-defined]
        table.column(column)  # type: ignore[attr-defined]
    if table.keep_newest_by:  # type: ignore[attr-defined]
        assert table.column(table.keep_newest_by).type == "timestamp"  # type: ignore[attr-defined]
    for column, other, other_column in table.references:  # type: ignore[attr-defined]
        mine, theirs = table.column(column), MOVIELENS.table(other).column(other_column)  # type: ignore[attr-defined]
        assert mine.arrow_type == theirs.arrow_type
        assert MOVIELENS.table(other).key == (other_column,)


def test_arrow_types_follow_the_declared_types() -> None:
    schema = MOVIELENS.table("ratings").arrow_schema
    assert schema.names == ["user_id", "item_id", "rating", "timestamp"]
    assert schema.types == [pa.int64(), pa.int64(), pa.float64(), pa.int64()]
    assert not schema.field("rating").nullable
    assert MOVIELENS.table("links").arrow_schema.field("tmdb_id").nullable


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ParameterError, match="table ratings declares no column 'stars'; it declares user_id, item_id"):
        MOVIELENS.table("ratings").column("stars")
    with pytest.raises(ParameterError, match="declares no table 'films'"):
        MOVIELENS.table("films")
