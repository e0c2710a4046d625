"""Rows of text ids: judged by their numbers, told by their texts."""

from pathlib import Path

import pyarrow.parquet as pq

from recsys_core.dataset.declaration import dataset_in
from recsys_core.dataset.table_folders import CleanTable
from recsys_core.dataset.tables import interactions_of
from recsys_core.validating import RejectLimits, clean_folder

_DECLARED = """
name: shop
ids: text
feedback: {scale: [1, 5], step: 1}
interactions: {file: ratings.csv}
items: {file: items.csv}
"""
_RATINGS = """user_id,item_id,rating,timestamp
0xA,007,5,1100000000
0xA,7,4,1100000000
" b",007,3,1100000000
0xA,007,2,1200000000
null,7,3,1100000000
c,lost,3,1100000000
"""


def test_rows_are_told_by_their_texts_and_007_is_not_7(tmp_path: Path) -> None:
    (tmp_path / "dataset.yaml").write_text(_DECLARED)
    (tmp_path / "ratings.csv").write_text(_RATINGS)
    (tmp_path / "items.csv").write_text("item_id,title\n007,Bond\n7,Seven\n")
    work = tmp_path / "work"
    work.mkdir()

    found = clean_folder(
        tmp_path, dataset_in(tmp_path), work, now=1_300_000_000, limits=RejectLimits(max_rejected_share=0.9)
    )

    assert (found["ratings"].n_accepted, found["ratings"].n_rejected) == (3, 3)
    rejected = pq.read_table(work / "validated" / "ratings" / "rejected.parquet").sort_by("line").to_pylist()
    assert [(row["line"], row["text"].split(",")[:2]) for row in rejected] == [
        (2, ["0xA", "007"]),  # the newer one is kept
        (6, ["", "7"]),
        (7, ["c", "lost"]),
    ]
    assert "('0xA', '007')" in rejected[0]["reason"]
    assert "'lost'" in rejected[2]["reason"]

    table = CleanTable(work / "validated" / "ratings", {})
    assert set(table.head(9)["user_id"].to_pylist()) == {"0xA", " b"}
    matrix = interactions_of(table)
    rows = {name: matrix.ratings[num].data.tolist() for num, name in enumerate(matrix.users.names_of(matrix.user_ids))}
    assert rows[" b"] == [3.0]
    assert sorted(rows["0xA"]) == [2.0, 4.0]
