"""Columns of 0 and 1 become the column of genres."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from recsys_core.dataset.declaration import Declaration, dataset_of
from recsys_core.dataset.schema import TableSpec
from recsys_core.errors import MalformedFileError, ParameterError
from recsys_core.reading import read_table


def declared(**items: object) -> TableSpec:
    values = {"name": "flags", "feedback": {"scale": [1, 5]}, "interactions": {"file": "r.csv"}}
    return dataset_of(Declaration(**values, items={"file": "items.csv", **items})).table("movies")


def test_the_names_of_the_columns_that_are_1_are_the_genres(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text('item_id,War,title,"Sci-Fi, odd"\n1,0,One,1\n2,1,"Two, The",1.0\n3,0,Three,\n')

    read = read_table(tmp_path / "items.csv", declared(genre_flags=["War", "Sci-Fi, odd"]), tmp_path)

    rows = pq.read_table(tmp_path / "rows.parquet").to_pydict()
    assert (read.n_rejected, read.unused) == (0, ())
    assert rows["title"] == ["One", "Two, The", "Three"]
    assert rows["genres"] == ["Sci-Fi, odd", "War|Sci-Fi, odd", None]


@pytest.mark.parametrize("row", ["4,Four", "4,Four,", "4,1,Four", "4,1,Four,0,0"])
def test_rows_of_another_length_are_rejected(tmp_path: Path, row: str) -> None:
    (tmp_path / "items.csv").write_text(f"item_id,War,title,Drama\n1,0,One,1\n{row}\n")

    read = read_table(tmp_path / "items.csv", declared(genre_flags=["War", "Drama"]), tmp_path)

    assert (read.n_accepted, read.n_rejected) == (1, 1)


def test_flags_that_are_not_there_and_flags_of_other_tables_are_refused(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("item_id,War,title\n1,0,One\n")

    with pytest.raises(MalformedFileError, match=r"items.csv: the header has no column Drama, declared in genre_flags"):
        read_table(tmp_path / "items.csv", declared(genre_flags=["War", "Drama"]), tmp_path)
    values = {"name": "x", "feedback": {"kind": "events"}, "items": {"file": "i.csv"}}
    misplaced = Declaration(**values, interactions={"file": "r.csv", "genre_flags": ["War"]})
    with pytest.raises(ParameterError, match=r"interactions\.genre_flags: only items have them"):
        dataset_of(misplaced)
