"""Tables have names for people, which must be free; code finds tables by their role whatever they are called."""

from pathlib import Path

import pytest

from recsys_core.dataset.declaration import DATASET_FILE, MOVIELENS, read_dataset
from recsys_core.dataset.roles import ROLES, TABLE_NAMES
from recsys_core.dataset.schema import DatasetSpec
from recsys_core.dataset.table_names import LONGEST
from recsys_core.drafting.known import KNOWN
from recsys_core.drafting.table_names import names_of_tables
from recsys_core.errors import ParameterError

TEXT = "name: shop\nfeedback: {{kind: events}}\ninteractions: {{file: a.csv{0}}}\nitems: {{file: b.csv{1}}}\n"


def read(folder: Path, interactions: str = "", items: str = "", more: str = "") -> DatasetSpec:
    path = folder / DATASET_FILE
    names = [f", name: {name}" if name else "" for name in (interactions, items)]
    path.write_text(TEXT.format(*names) + more, encoding="utf-8")
    return read_dataset(path)


def shown(dataset: DatasetSpec) -> list[str]:
    return [table.shown for table in dataset.tables]


def test_without_names_tables_are_called_by_their_roles_and_found_as_ever(tmp_path: Path) -> None:
    dataset = read(tmp_path)
    assert shown(dataset) == [*ROLES]
    assert [table.name for table in dataset.tables] == [*TABLE_NAMES]


def test_named_tables_are_called_by_their_names(tmp_path: Path) -> None:
    assert shown(read(tmp_path, "purchases", "books"))[:2] == ["purchases", "books"]
    assert shown(read(tmp_path, "items", "interactions"))[:2] == ["items", "interactions"]


def test_movielens_is_called_as_its_files_are_declared_or_not() -> None:
    names = {path.stem: shown(read_dataset(path))[:2] for path in KNOWN}
    assert names == {
        "ml-100k": ["ratings", "movies"],
        "ml-1m": ["ratings", "movies"],
        "goodbooks-10k": ["ratings", "books"],
    }
    assert shown(MOVIELENS)[:2] == ["ratings", "movies"]


def test_names_decide_no_value_and_all_else_does(tmp_path: Path) -> None:
    one, other = read(tmp_path), read(tmp_path, "purchases", "books")
    assert one != other
    assert one.deciding() == other.deciding()
    assert one.deciding() != read(tmp_path, more="links: {file: c.csv}\n").deciding()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("my books", "expected at most 40 letters, digits and underscores that begin with a letter, such as books"),
        ("my-books", "expected at most 40 letters"),
        ("bücher", "expected at most 40 letters"),
        ("2024_books", "expected at most 40 letters"),
        ("x" * (LONGEST + 1), "expected at most 40 letters"),
        ("split", "is, or may become, the name of something else in the pipeline; give another one"),
        ("Evaluation", "is, or may become, the name of something else"),
        ("als_model", "is, or may become, the name of something else"),
        ("raw_books", "is, or may become, the name of something else"),
        ("books_csv", "is, or may become, the name of something else"),
        ("pipeline", "is, or may become, the name of something else"),
        ("class", "is a word that Dagster keeps for itself; give another one"),
        ("output", "is a word that Dagster keeps for itself"),
    ],
)
def test_a_name_that_cannot_be_is_told_with_file_and_field(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(ParameterError) as caught:
        read(tmp_path, items=name)
    assert str(caught.value).startswith(f"data set {tmp_path / DATASET_FILE}: items.name = '{name}': {reason}")


@pytest.mark.parametrize(
    ("interactions", "items", "told"),
    [
        ("books", "books", "items.name: books is the name of interactions, too; give another one"),
        ("books", "Books", "items.name: Books is the name of interactions, too"),
        ("", "interactions", "items.name: interactions is the name of interactions, too"),
        ("items", "", "interactions.name: items is the name of items, too"),
        ("", "tags", "items.name: tags is the name of tags, too"),
    ],
)
def test_two_tables_cannot_be_called_the_same(tmp_path: Path, interactions: str, items: str, told: str) -> None:
    with pytest.raises(ParameterError) as caught:
        read(tmp_path, interactions, items)
    assert told in str(caught.value)


def test_every_table_is_named_in_its_own_place(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"tags\.name = 'champion': is, or may become"):
        read(tmp_path, more="tags: {file: t.csv, name: champion}\n")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Books.csv", "books"),
        ("Book-Ratings.csv.gz", "book_ratings"),
        ("BX books.parquet", "bx_books"),
        ("goods-*.parquet", "goods"),
        ("2024/sales_[0-9].csv", "sales"),
        ("items.csv", None),  # as its role
        ("tags.csv", None),  # as another role
        ("u.item", None),  # tells nothing
        ("data.csv", None),
        ("Bücher.csv", None),
        ("2024.csv", None),
    ],
)
def test_a_draft_calls_a_table_as_its_file_where_that_can_be(file: str, name: str | None) -> None:
    assert names_of_tables({"items": file}).get("items") == name


def test_of_two_files_that_make_one_name_the_second_has_its_roles_own() -> None:
    assert names_of_tables({"interactions": "books.log", "items": "books.csv"}) == {"interactions": "books"}
