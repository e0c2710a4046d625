"""dataset.yaml: what it declares, and what is said of one that cannot be."""

from pathlib import Path

import pytest

from recsys_core.dataset.declaration import DATASET_FILE, MOVIELENS, dataset_in, read_dataset
from recsys_core.errors import MissingFileError, ParameterError
from recsys_core.reading import locate_table

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


def test_a_table_without_a_file_is_called_like_its_name(tmp_path: Path) -> None:
    declared(tmp_path, BOOKS.replace("  file: books.csv\n", "  name: Good_Books\n"))
    books = dataset_in(tmp_path).table("movies")
    assert books.file_stems == ("good_books", "good-books", "good_book")
    assert locate_table(tmp_path, dataset_in(tmp_path).table("tags")) is None
    with pytest.raises(MissingFileError, match=r"has no good_books\.csv, which the table Good_Books needs"):
        locate_table(tmp_path, books)
    (tmp_path / "Good-Books.TSV.gz").touch()
    assert locate_table(tmp_path, books) == tmp_path / "Good-Books.TSV.gz"


def test_on_a_scale_below_0_what_is_liked_may_be_so_too(tmp_path: Path) -> None:
    text = BOOKS.replace("scale: [1, 10], step: 1", "scale: [-100, 1], step: 1")
    assert read_dataset(declared(tmp_path, text)).relevance.positive_threshold == -24


def test_times_may_begin_on_a_day(tmp_path: Path) -> None:
    assert read_dataset(declared(tmp_path, BOOKS)).earliest_timestamp == 0
    assert read_dataset(declared(tmp_path, BOOKS + "earliest: 1970-01-03\n")).earliest_timestamp == 2 * 24 * 60 * 60


def test_features_hold_what_is_declared(tmp_path: Path) -> None:
    kinds = '{price: number, blurb: text, by: {set: " and "}, brand: category, words: weighted tags, tags: ",", x: ""}'
    declared(tmp_path, BOOKS.replace('{author: "|", language: ""}', kinds))
    columns = dataset_in(tmp_path).table("movies").columns[-7:]
    assert [(column.name, column.type, column.separator) for column in columns] == [
        ("number: price", "float", ""),
        ("text: blurb", "text", ""),
        ("feature: by", "set", " and "),
        ("category: brand", "text", ""),
        ("weighted tags: words", "weights", ""),
        ("feature: tags", "set", ","),
        ("feature: x", "set", ""),
    ]
    assert all(column.nullable and not column.optional for column in columns)


def test_events_need_no_rating_and_any_one_is_liked(tmp_path: Path) -> None:
    text = "name: plays\nfeedback: {kind: events}\ninteractions: {file: a.csv}\nitems: {file: b.csv}\n"
    dataset = read_dataset(declared(tmp_path, text))
    rating = dataset.table("ratings").column("rating")
    assert rating.optional
    assert rating.absent, "nothing that a file says there counts"
    assert dataset.relevance.positive_threshold == 0


def test_a_column_can_be_declared_not_to_be_there(tmp_path: Path) -> None:
    text = BOOKS.replace("timestamp: at}", "timestamp: null}")
    assert read_dataset(declared(tmp_path, text)).table("ratings").column("timestamp").absent


@pytest.mark.parametrize(
    ("scale", "step", "liked"), [([-1, 1], 1, 1), ([1, 3], 1, 3), ([1, 5], 1, 4), ([1, 10], 1, 8), ([0, 10], 1, 8)]
)
def test_what_was_liked_is_never_less_than_a_step_from_three_quarters(
    tmp_path: Path, scale: list[int], step: int, liked: float
) -> None:
    text = f"name: a\nfeedback: {{scale: {scale}, step: {step}}}\ninteractions: {{file: a.csv}}\n"
    assert read_dataset(declared(tmp_path, text)).relevance.positive_threshold == liked


def test_without_items_they_are_those_that_interactions_name(tmp_path: Path) -> None:
    text = "name: log\nfeedback: {kind: events}\ninteractions: {file: a.tsv, columns: {item_id: sku}}\n"
    items = read_dataset(declared(tmp_path, text)).table("movies")
    assert (items.file, items.as_in_file.names_in_file) == ("a.tsv", ("sku",))
    assert items.column_names == ("item_id", "title", "genres", "year")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: books\n", "", "name is not given; it is needed"),
        ("kind: ratings, scale: [1, 10], step: 1", "kind: counts", r"feedback.scale = None: .*needs a scale, such as"),
        ("scale: [1, 10]", "scale: [10, 1]", r"feedback.scale = \[10, 1\]: feedback from 10 to 1: expected a maximum"),
        ("kind: ratings", "kind: stars", "feedback.kind = 'stars': input should be 'ratings', 'counts' or 'events'"),
        ("{item_id: book_id}", "{title: null}", "items.columns.title: is needed; say which column is"),
        ("step: 1", "values: {good: 11}", "feedback.values = .*: good: 11 is not within the scale 1 to 10"),
        ("kind: ratings, scale: [1, 10], step: 1", "kind: events, values: {view: 1}", "events all count alike; say"),
        ("step: 1", "unrated: 1", "feedback.unrated = 1: 1 lies on the scale 1 to 10; expected a number beside"),
        ("kind: ratings, scale: [1, 10], step: 1", "kind: counts, scale: [0, 9], unrated: -1",
         "feedback.unrated = -1: only ratings have a number for no rating"),
        ("step: 1", "step: -1", "feedback.step = -1: .*expected at least 0"),
        ("name: books\n", "name: books\nearliest: soon\n", "earliest = 'soon': .*valid date"),
        ("file: books.csv", "file: /books.csv", "items.file = '/books.csv': expected a path in the data folder"),
        ("encoding: latin-1", "encoding: klingon", "interactions.format.encoding = 'klingon': is not known; expected"),
        ("time: milliseconds", "time: hours", "interactions.time = 'hours': input should be 'seconds'"),
        ("time: milliseconds", "times: seconds", "interactions.times is not known; expected one of name, file, format"),
        ("{item_id: book_id}", "[book_id]", r"items.columns = \['book_id'\]: expected 'name: value' pairs"),
        ("{item_id: book_id}", "{book: book_id}", "items.columns.book: expected one of item_id, title"),
        ("{item_id: book_id}", "{item_id: x, title: x}", "items.columns.title: the file's column 'x' is columns.it"),
        ("{item_id: book_id}", "{title: author}", "items.features.author: the file's column 'author' is columns.title"),
        ('author: "|"', "author: nmber", "items.features.author = 'nmber': expected category, number, text, weighted"),
        ('author: "|"', "author: {sets: ','}", "items.features.author = {'sets': ','}: expected category, number"),
        ('author: "|"', "Title: text", "items.features.Title: is read as title; say which column is, as columns.title"),
        ("  time: milliseconds", "  features: {mood: ''}", "interactions.features: only items have them"),
        ("items:", "films:", "films is not known; expected one of name, feedback"),
        ("name: books", "name: [", "dataset.yaml: line 3: is not valid YAML"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_with_file_and_field(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in BOOKS
    path = declared(tmp_path, BOOKS.replace(old, new))
    with pytest.raises(ParameterError, match=message) as caught:
        read_dataset(path)
    assert str(caught.value).startswith(f"data set {path}: ")
