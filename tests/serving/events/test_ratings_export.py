"""Ratings as a file for the next training run: MovieLens's form, whole or not at all."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from recsys_core.errors import ParameterError
from serving.events import EventStore, EventStoreError, StoredEvent, export, export_ratings

NOON = int(datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp())


@pytest.fixture
def filled(store: EventStore, rating: Callable[..., StoredEvent], exposure: Callable[..., StoredEvent]) -> EventStore:
    store.append([rating(2, 10, 0.5), rating(1, 30, 3.0), exposure(), rating(1, 4, 5.0, seconds=1.9)])
    store.append([rating(2, 10, 4.0, seconds=60)])
    return store


ROWS = [(1, 4, 5.0, NOON + 1), (1, 30, 3.0, NOON), (2, 10, 4.0, NOON + 60)]


def test_csv_has_the_header_of_movielens_and_the_latest_ratings_in_order(filled: EventStore, tmp_path: Path) -> None:
    file = tmp_path / "drop" / "ratings.csv"

    assert export_ratings(filled, file) == 3

    lines = [",".join(map(str, row)) for row in ROWS]
    assert file.read_text() == "\n".join(["userId,movieId,rating,timestamp", *lines]) + "\n"
    assert [path.name for path in file.parent.iterdir()] == ["ratings.csv"]


def test_parquet_has_the_same_rows(filled: EventStore, tmp_path: Path) -> None:
    file = tmp_path / "ratings.parquet"

    assert export_ratings(filled, file) == 3

    table = pq.read_table(file)
    assert table.column_names == ["userId", "movieId", "rating", "timestamp"]
    assert [tuple(row.values()) for row in table.to_pylist()] == ROWS


@pytest.mark.parametrize("name", ["ratings.csv", "ratings.parquet"])
def test_more_rows_than_are_written_at_once(
    filled: EventStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(export, "_ROWS_AT_ONCE", 2)

    assert export_ratings(filled, tmp_path / name) == 3
    if name.endswith("parquet"):
        assert pq.read_table(tmp_path / name).num_rows == 3
    else:
        assert len((tmp_path / name).read_text().splitlines()) == 4


@pytest.mark.parametrize("name", ["ratings.csv", "ratings.parquet"])
def test_no_rating_gives_a_file_without_rows(store: EventStore, tmp_path: Path, name: str) -> None:
    assert export_ratings(store, tmp_path / name) == 0
    assert (tmp_path / name).stat().st_size > 0


def test_another_ending_is_refused(store: EventStore, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"ratings.xlsx: expected a name that ends in .csv or .parquet"):
        export_ratings(store, tmp_path / "ratings.xlsx")


def test_an_export_that_fails_leaves_the_old_file(
    filled: EventStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text("old")

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "_write_csv", fail)
    with pytest.raises(EventStoreError, match=r"ratings.csv: the ratings cannot be written \(No space left"):
        export_ratings(filled, file)

    assert file.read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"ratings.csv", "serving"}
