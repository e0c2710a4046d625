"""dataset.yaml: what it declares, and what is said of one that cannot be."""

from pathlib import Path

import pytest

from recsys_core.dataset.declaration import DATASET_FILE, dataset_in, read_dataset
from recsys_core.dataset.schema import MOVIELENS
from recsys_core.errors import ParameterError

BOOKS = """\
name: books
feedback: {kind: ratings, scale: [1, 10], step: 1}
interactions:
  file: ratings.dat
  format: {separator: "::", header: [user, book, stars, at], encoding: latin-1, quoted: false}
  columns: {user_id: user, item_id: book, rating: stars, timestamp: at}
  time: milliseconds
items:
  file: books.csv
  columns: {item_id: book_id}
  features: {author: "|", language: ""}
  genre_separator: ";"
"""


def declared(tmp_path: Path, text: str) -> Path:
    path = tmp_path / DATASET_FILE
    path.write_text(text)
    return path


def test_a_folder_without_declaration_is_movielens(tmp_path: Path) -> None:
    assert dataset_in(tmp_path) is MOVIELENS


def test_what_is_declared_is_what_is_read(tmp_path: Path) -> None:
    declared(tmp_path, BOOKS)
    dataset = dataset_in(tmp_path)
    ratings, books = dataset.table("ratings"), dataset.table("movies")
    assert dataset.name == "books"
    assert dataset.feedback.values == tuple(range(1, 11))
    assert dataset.relevance.positive_threshold == 8  # three quarters of the way up, on the scale
    assert (ratings.file, ratings.names_in_file) == ("ratings.dat", ("user", "book", "stars"))
    assert (ratings.format.separator, ratings.format.quoted, ratings.format.encoding) == ("::", False, "latin-1")
    assert ratings.column("timestamp").per_second == 1000
    assert (ratings.column("rating").minimum, ratings.column("rating").maximum) == (1, 10)
    assert books.column_names[-2:] == ("feature: author", "feature: language")
    assert books.column("genres").separator == ";"
    assert dataset.table("tags").file_stems == ()


def test_events_need_no_rating_and_any_one_is_liked(tmp_path: Path) -> None:
    text = "name: plays\nfeedback: {kind: events}\ninteractions: {file: a.csv}\nitems: {file: b.csv}\n"
    dataset = read_dataset(declared(tmp_path, text))
    assert dataset.table("ratings").column("rating").optional
    assert dataset.relevance.positive_threshold == 0


def test_without_items_they_are_those_that_interactions_name(tmp_path: Path) -> None:
    text = "name: log\nfeedback: {kind: events}\ninteractions: {file: a.tsv, columns: {item_id: sku}}\n"
    items = read_dataset(declared(tmp_path, text)).table("movies")
    assert (items.file, items.as_in_file.names_in_file) == ("a.tsv", ("sku",))
    assert items.column_names == ("item_id", "title", "genres", "year")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: books\n", "", "name"),
        ("kind: ratings, scale: [1, 10], step: 1", "kind: ratings", r"needs a scale, such as scale: \[1, 5\]"),
        ("kind: ratings", "kind: stars", "kind = 'stars'"),
        ("step: 1", "step: -1", "step = -1"),
        ("  file: books.csv\n", "", "file = .*field required"),
        ("encoding: latin-1", "encoding: klingon", "encoding 'klingon' is not known"),
        ("time: milliseconds", "time: hours", "time = 'hours'"),
        ("{item_id: book_id}", "{book: book_id}", "items.columns names 'book'; expected one of item_id, title"),
        ("{item_id: book_id}", "{item_id: x, title: x}", "items: the file's column 'x' is named twice"),
        ("{item_id: book_id}", "{title: author}", "items: the file's column 'author' is named twice"),
        ("  time: milliseconds", "  features: {mood: ''}", "interactions.features: only items have them"),
        ("items:", "films:", "films"),
        ("name: books", "name: [", "dataset.yaml"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_with_file_and_field(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in BOOKS
    path = declared(tmp_path, BOOKS.replace(old, new))
    with pytest.raises(ParameterError, match=message) as caught:
        read_dataset(path)
    assert str(path) in str(caught.value)
