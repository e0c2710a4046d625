"""Addresses of pictures and pages: made of columns, and never anything but http and https."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.dataset.addresses import Address
from recsys_core.dataset.declaration import read_dataset
from recsys_core.errors import MalformedFileError, ParameterError
from recsys_core.reading import read_table

SHOP = """\
name: shop
feedback: {kind: events}
interactions: {file: log.csv}
items:
  file: goods.csv
  columns: {item_id: Code}
  features: {Maker: ""}
"""


@given(st.text(min_size=1, max_size=30))
def test_a_value_stays_one_part_of_the_path(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:  # no file that is read holds half a character
        return
    found = Address("https://shop.example/p/{item_id}.jpg").of({"item_id": value})
    assert found is not None
    parts = urlsplit(found)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "shop.example", "", "")
    assert unquote(parts.path) == f"/p/{value}.jpg"
    assert "/" not in parts.path.removeprefix("/p/")


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (" https://a.example/x.jpg?s=1 ", "https://a.example/x.jpg?s=1"),
        ("HTTP://a.example/x", "HTTP://a.example/x"),
        ("javascript:alert(1)", None),
        ("data:image/png;base64,AAAA", None),
        ("//a.example/x", None),
        ("https:///x", None),
        ("https://a.example/x y", None),
        ('https://a.example/"onerror="alert(1)', None),
        ("https://[/x", None),
        ("ftp://a.example/x", None),
        ("", None),
        (None, None),
    ],
)
def test_a_column_of_whole_addresses_is_taken_where_it_has_one(value: str | None, address: str | None) -> None:
    assert Address("{Image-URL}").of({"Image-URL": value}) == address


def test_an_address_needs_all_its_values() -> None:
    address = Address("https://a.example/{item_id}/{Maker}")
    assert address.columns == ("item_id", "Maker")
    assert address.of({"item_id": -3, "Maker": "A & B"}) == "https://a.example/-3/A%20%26%20B"
    assert address.of({"item_id": 7, "Maker": None}) is None


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("https://a.example/x.jpg", "names no column"),
        ("https://a.example/{item_id", "names no column"),
        ("https://a.example/{item_id}}", "names no column"),
        ("javascript:alert('{item_id}')", "is no address: expected http"),
        ("{Image-URL}?size=2", "is no address: expected http"),
        ("ftp://a.example/{item_id}", "is no address: expected http"),
    ],
)
@pytest.mark.parametrize("key", ["picture", "link"])
def test_a_template_that_makes_none_is_refused_with_its_key(
    tmp_path: Path, key: str, template: str, message: str
) -> None:
    path = tmp_path / "dataset.yaml"
    path.write_text(f'{SHOP}  {key}: "{template}"\n')
    with pytest.raises(ParameterError, match=rf"items\.{key}: .*{re.escape(message)}"):
        read_dataset(path)


def test_only_items_have_them(tmp_path: Path) -> None:
    path = tmp_path / "dataset.yaml"
    path.write_text(SHOP.replace("{file: log.csv}", '{file: log.csv, link: "https://a.example/{item_id}"}'))
    with pytest.raises(ParameterError, match=r"interactions\.link: only items have them"):
        read_dataset(path)


def test_braces_hold_canonical_names_names_of_the_file_and_further_columns(tmp_path: Path) -> None:
    path = tmp_path / "dataset.yaml"
    path.write_text(
        f'{SHOP}  picture: "https://a.example/{{code}}/{{Maker}}/{{Image}}"\n  link: "https://a.example/{{item_id}}/{{Image}}"\n'
    )
    dataset = read_dataset(path)
    assert dataset.picture == Address("https://a.example/{item_id}/{feature: Maker}/{address: Image}")
    assert dataset.link == Address("https://a.example/{item_id}/{address: Image}")
    table = dataset.table("movies")
    assert table.column_names[-2:] == ("feature: Maker", "address: Image")
    (tmp_path / "goods.csv").write_text("code,title,maker,IMAGE\n7,Cup,A,cup.jpg\n")
    (tmp_path / "out").mkdir()
    read_table(tmp_path / "goods.csv", table, tmp_path / "out")
    rows = pq.read_table(tmp_path / "out" / "rows.parquet")
    assert rows["address: Image"].to_pylist() == ["cup.jpg"]


def test_a_column_that_the_file_does_not_have_is_said_with_table_and_key(tmp_path: Path) -> None:
    path = tmp_path / "dataset.yaml"
    path.write_text(f'{SHOP}  picture: "{{Image-URL}}"\n')
    (tmp_path / "goods.csv").write_text("code,title,maker\n7,Cup,A\n")
    with pytest.raises(MalformedFileError, match=r"has no column Image-URL \(items\.picture\); found code"):
        read_table(tmp_path / "goods.csv", read_dataset(path).table("movies"), tmp_path / "out")
