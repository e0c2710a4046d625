"""Columns of numbers, texts, categories and weighted tags, from a file to features of items."""

import math
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from recsys_core.dataset.declaration import dataset_in
from recsys_core.features import FeatureParameters
from recsys_core.validating import RejectLimits, clean_folder
from recsys_core.validating.picture import picture_of

pytestmark = pytest.mark.xdist_group("great_expectations")

NOW = 1_800_000_000
DECLARED = """\
name: shop
feedback: {kind: events}
interactions: {file: log.csv}
items:
  file: goods.csv
  features: {price: number, blurb: text, maker: category, words: weighted tags, kinds: {set: " / "}, shelf: ""}
"""
GOODS = """\
item_id,title,price,blurb,maker,words,kinds,shelf
1,Lamp,9.5,"A lamp,
made of glass","Glass, Inc.","{""light"": 7, ""home"": 2}",Home / Light,a;b
2,Chair,NaN,Made of wood,Wood & Co,home:3|wood:1,Home,b
3,Desk,inf,,,,,
4,Shelf,twelve,Made of glass and wood,"Glass, Inc.",wood:2,Home / Storage,c
5,Vase,1e3,Glass,"Glass, Inc.","[{""name"": ""home"", ""weight"": 1}]",Home,c
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dataset.yaml").write_text(DECLARED)
    (tmp_path / "goods.csv").write_text(GOODS)
    (tmp_path / "log.csv").write_text(
        "user_id,item_id\n" + "".join(f"{u},{i}\n" for u in range(4) for i in range(1, 6))
    )
    return tmp_path


def test_no_row_is_lost_to_a_cell_that_only_describes(folder: Path, tmp_path: Path) -> None:
    summaries = clean_folder(folder, dataset_in(folder), tmp_path / "out", now=NOW, limits=RejectLimits())

    assert (summaries["movies"].n_accepted, summaries["movies"].n_rejected) == (5, 0)
    rows = pq.read_table(tmp_path / "out" / "validated" / "movies" / "rows.parquet").to_pydict()
    prices = rows["number: price"]
    assert (prices[0], prices[4]) == (9.5, 1000.0)
    assert all(price is None or math.isnan(price) for price in prices[1:4])
    assert rows["weighted tags: words"] == ["light:7|home:2", "home:3|wood:1", None, "wood:2", "home:1"]
    assert rows["feature: kinds"][0] == "Home|Light"
    assert rows["category: maker"][0] == "Glass, Inc."
    assert rows["text: blurb"][0] == "A lamp, made of glass"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("10,00", ", such as '10,00'. The numbers in price have decimal commas: write them with points"),
        ("1,000", ", such as '1,000'. The numbers in price have commas, perhaps between thousands: write them without"),
        ("dear" * 20, f", such as '{'dear' * 10}'"),
    ],
)
def test_emptied_cells_are_told_with_one_of_them_and_its_commas(folder: Path, cell: str, said: str) -> None:
    (folder / "goods.csv").write_text(GOODS.replace("9.5", f'"{cell}"', 1))
    picture = picture_of(
        folder, dataset_in(folder), now=NOW, limits=RejectLimits(), features=FeatureParameters(min_tag_items=1)
    )
    (message,) = [finding.message for finding in picture.findings if finding.kind == "cells_emptied"]
    assert message.endswith(f"taken for empty, as the column declares something else{said}")


def test_each_kind_gives_features(folder: Path) -> None:
    picture = picture_of(
        folder, dataset_in(folder), now=NOW, limits=RejectLimits(), features=FeatureParameters(min_tag_items=1)
    )

    assert not [finding for finding in picture.findings if finding.kind == "column_unused"]
    assert [finding.count for finding in picture.findings if finding.kind == "cells_emptied"] == [2]
    assert picture.n_features["genre"] == 2 + 2 + 3 + 3  # prices, makers, kinds, shelves
    assert picture.n_features["title"] == 3  # made, glass, wood
    assert picture.n_features["tags"] == 3
