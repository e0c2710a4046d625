"""Ratings given online in a copy of a data folder: whole or not at all, and only where the columns agree."""

from collections.abc import Callable
from pathlib import Path

import pytest

from recsys_core.errors import DataError, MissingFileError
from serving.events import EventStore, StoredEvent, merge_ratings


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "movies.csv").write_text("movieId,title,genres\n260,A (1990),Drama\n")
    return folder


@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "with a byte order mark"])
@pytest.mark.parametrize("head", ["userId,movieId,rating,timestamp", '"userId","movieId","rating","timestamp"'])
@pytest.mark.parametrize("end", ["", "\n"], ids=["no last newline", "a last newline"])
def test_the_latest_ratings_follow_those_that_are_there(
    store: EventStore, rating: Callable[..., StoredEvent], data: Path, tmp_path: Path, start: str, head: str, end: str
) -> None:
    (data / "ratings.csv").write_text(f"{start}{head}\n1,10,3.0,5{end}", encoding="utf-8")
    store.append([rating(stars=2.0), rating(stars=4.5, seconds=1), rating(user_id=2)])

    assert merge_ratings(store, data, tmp_path / "out") == 2

    written = (tmp_path / "out" / "ratings.csv").read_text(encoding="utf-8").splitlines()
    assert written[:2] == [start + head, "1,10,3.0,5"]
    assert [line.split(",")[:3] for line in written[2:]] == [["1", "260", "4.5"], ["2", "260", "4.5"]]
    assert (tmp_path / "out" / "movies.csv").read_bytes() == (data / "movies.csv").read_bytes()


def test_a_folder_without_ratings_or_with_other_columns_is_refused_and_nothing_made(
    store: EventStore, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(MissingFileError, match="no such folder"):
        merge_ratings(store, tmp_path / "none", out)
    with pytest.raises(DataError, match=r"has no ratings\.csv, which the table ratings needs"):
        merge_ratings(store, data, out)
    (data / "ratings.csv").write_text("movie,user,rating,timestamp\n1,1,1,1\n")
    with pytest.raises(DataError, match=r"ratings.csv: has no column userId, movieId"):
        merge_ratings(store, data, out)
    (data / "ratings.csv").unlink()
    (data / "ratings.tsv").write_text("movieId\tuserId\trating\ttimestamp\n1\t1\t1\t1\n")
    with pytest.raises(DataError, match=r"ratings.tsv: ratings can only be added to CSV text with a header"):
        merge_ratings(store, data, out)
    assert not out.exists()
    with pytest.raises(DataError, match="is there already"):
        merge_ratings(store, data, data)


def test_values_go_into_their_columns_in_their_units(
    store: EventStore, rating: Callable[..., StoredEvent], data: Path, tmp_path: Path
) -> None:
    (data / "stars.csv").write_text("when,movieId,note,userId,rating\n5000,10,good,1,3.0\n")
    (data / "dataset.yaml").write_text(
        "name: own\nfeedback: {scale: [0.5, 5], step: 0.5}\nitems: {file: movies.csv}\n"
        "interactions: {file: stars.csv, time: milliseconds, columns: {timestamp: when}}\n"
    )
    store.append([rating(stars=2.0)])

    assert merge_ratings(store, data, tmp_path / "out") == 1

    when, *others = (tmp_path / "out" / "stars.csv").read_text().splitlines()[-1].split(",")
    assert others == ["260", "", "1", "2.0"]
    assert when.endswith("000")
    assert (tmp_path / "out" / "dataset.yaml").is_file()


def test_events_that_were_taken_back_are_not_added(
    store: EventStore, rating: Callable[..., StoredEvent], data: Path, tmp_path: Path
) -> None:
    (data / "dataset.yaml").write_text(
        "name: shop\nfeedback: {kind: events}\ninteractions: {file: ratings.csv}\nitems: {file: movies.csv}\n"
    )
    (data / "ratings.csv").write_text("userId,movieId,timestamp\n1,10,5\n")
    store.append([rating(stars=1.0), rating(user_id=2, stars=0.0)])

    assert merge_ratings(store, data, tmp_path / "out") == 1

    assert len((tmp_path / "out" / "ratings.csv").read_text().splitlines()) == 3
