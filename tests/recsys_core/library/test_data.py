"""Data as notebooks have it: read, validated and told of like files are."""

import gc
import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys_core import Dataset, Feedback
from recsys_core.errors import DataError
from tests.recsys_core.library.planted_frames import SCALE, dataset, interactions, items, split


def same(one: Dataset, other: Dataset) -> bool:
    return one.fingerprint == other.fingerprint and one.n_items == other.n_items


class OnlyCapsule:
    """A frame of a library that nobody has heard of."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self.columns = table.column_names

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


def test_frames_are_read_as_a_folder_with_the_same_rows_is(tmp_path: Path) -> None:
    interactions().to_csv(tmp_path / "ratings.csv", index=False)
    items().to_csv(tmp_path / "movies.csv", index=False)
    found = Dataset.of(tmp_path)
    assert same(found, dataset())
    assert found.feedback == SCALE
    assert found.n_interactions == len(interactions())
    assert found.prepared.interactions.timestamps.min() == interactions().timestamp.min()


def test_a_folder_without_a_declaration_is_drafted_and_left_as_it_is(tmp_path: Path) -> None:
    names = {"item_id": "Book-ID", "user_id": "User-ID"}
    interactions().assign(rating=interactions().rating * 2).rename(columns=names).to_csv(
        tmp_path / "r.csv", index=False
    )
    items().rename(columns=names).to_csv(tmp_path / "books.csv", index=False)
    found = Dataset.of(str(tmp_path))
    assert found.feedback == Feedback(1, 10, 1)
    assert "feedback.scale = [1, 10]" in repr(found)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["books.csv", "r.csv"]


def test_a_declared_folder_is_not_guessed_about(tmp_path: Path) -> None:
    interactions().to_csv(tmp_path / "r.csv", index=False)
    items().to_csv(tmp_path / "i.csv", index=False)
    (tmp_path / "dataset.yaml").write_text(
        "{name: declared, feedback: {kind: events}, interactions: {file: r.csv}, items: {file: i.csv}}"
    )
    found = Dataset.of(tmp_path)
    assert (found.name, found.feedback.kind, found.guesses) == ("declared", "events", ())


@pytest.mark.parametrize("kind", ["pyarrow", "polars", "capsule", "views"])
def test_frames_of_other_libraries_say_the_same(kind: str) -> None:
    def made(frame: pd.DataFrame) -> Any:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        if kind == "polars":
            return pytest.importorskip("polars").from_arrow(table)
        if kind == "views":
            return table.set_column(1, table.column_names[1], _viewed(table[1]))
        return OnlyCapsule(table) if kind == "capsule" else table

    found = Dataset.from_frames(made(interactions()), made(items()), feedback=SCALE)
    assert same(found, dataset())
    expected = {"polars": "polars", "capsule": "pandas"}.get(kind, "pyarrow")
    assert type(found.items).__module__.split(".")[0] == expected


def _viewed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string_view()) if pa.types.is_large_string(column.type) else column


@pytest.mark.skipif(importlib.util.find_spec("polars") is not None, reason="the real one is tested then")
def test_a_frame_of_polars_comes_back_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from recsys_core.library import frames

    made = type("polars", (), {"from_arrow": staticmethod(lambda table: ("polars", table.num_rows))})
    monkeypatch.setitem(sys.modules, "polars", made)
    type_of_polars = type("DataFrame", (OnlyCapsule,), {"__module__": "polars.dataframe.frame"})
    table, kind = frames.arrow_of(type_of_polars(pa.table({"a": [1, 2]})), "interactions")
    assert frames.frame_of(table, kind) == ("polars", 2)


def test_names_of_columns_are_known_said_or_guessed() -> None:
    own = {"user_id": "reviewerID", "item_id": "asin", "rating": "overall", "timestamp": "unixReviewTime"}
    renamed, titles = interactions().rename(columns=own), items().rename(columns=own)
    said = Dataset.from_frames(renamed, titles, columns=own, feedback=SCALE)
    guessed = Dataset.from_frames(renamed, titles, feedback=SCALE)
    usual = {"user_id": "userId", "item_id": "movieId", "rating": "Rating"}
    known = Dataset.from_frames(interactions().rename(columns=usual), items().rename(columns=usual), feedback=SCALE)
    assert same(said, dataset())
    assert same(guessed, dataset())
    assert same(known, dataset())
    assert said.guesses == known.guesses == ()
    assert {guess.value for guess in guessed.guesses} == set(own.values())


def test_what_is_said_comes_before_a_column_that_is_called_so() -> None:
    doubled = interactions().assign(stars=interactions().rating * 2)
    found = Dataset.from_frames(doubled, items(), columns={"rating": "stars"}, feedback=Feedback(1, 10, 1))
    assert found.prepared.interactions.ratings.data.max() == 10


@pytest.mark.parametrize("said", [{"item_id": "thing"}, {"user_id": "listener_id"}, {"rating": "stars"}])
def test_what_is_not_said_beside_what_is_is_guessed(said: dict[str, str]) -> None:
    own = {"user_id": "listener_id", "item_id": "thing", "rating": "stars", "timestamp": "date", "title": "name"}
    if "item_id" not in said:
        own["item_id"] = "track"
    frames = [frame.rename(columns=own) for frame in (interactions(), items())]
    found = Dataset.from_frames(*frames, columns=said)
    assert same(found, dataset())
    guessed = {guess.value for guess in found.guesses if ".columns." in guess.what}
    assert guessed == {*own.values()} - {*said.values()}


def test_users_and_items_that_never_repeat_are_known_by_their_names() -> None:
    found = Dataset.from_frames(pd.DataFrame({"user": range(6), "item": range(6), "stars": [1, 2, 3, 4, 5, 4]}))
    assert (found.n_users, found.n_items) == (6, 6)


def test_what_nobody_says_is_guessed_and_told() -> None:
    found = Dataset.from_frames(interactions(), items(author=[f"author {n % 5}" for n in range(41)]))
    assert found.feedback == SCALE
    lines = repr(found).splitlines()
    assert lines[0] == "Dataset frames: 526 ratings from 0.5 to 5 by 60 users, 41 items; rejected: none"
    assert any(line.startswith("  feedback.scale = [0.5, 5] (sure: ") for line in lines)
    assert any(line.startswith("  items.features.author = '' (likely: ") for line in lines)
    assert "author: author 3" in found.split().features.names["genre"]


def test_features_are_those_that_are_said() -> None:
    further = items(author=[f"author {n % 5}" for n in range(41)], shelves=[["a/b", "c"][n % 2] for n in range(41)])
    found = Dataset.from_frames(interactions(), further, feedback=SCALE, features={"shelves": "/"})
    names = found.split().features.names["genre"]
    assert {"shelves: a", "shelves: b", "shelves: c"} <= set(names)
    assert not any(name.startswith("author") for name in names)


def test_items_of_which_nothing_is_known_are_called_by_their_ids() -> None:
    found = Dataset.from_frames(interactions(), feedback=SCALE)
    assert list(found.items.title) == [str(item_id) for item_id in found.items.item_id]
    assert found.n_items == 40


def test_rows_are_rejected_and_told_as_those_of_files_are() -> None:
    frame = pd.concat([interactions(), interactions().head(2)])
    frame.iloc[5, 2] = np.nan
    frame.iloc[6, 1] = 4  # which is not in the catalogue
    found = Dataset.from_frames(frame, items(), feedback=SCALE)
    assert "rejected: 4 of 528 ratings" in repr(found)
    assert "<td" in found._repr_html_()
    rejected = found.rejected
    assert sorted(rejected.line) == [1, 2, 6, 7]
    assert rejected.reason.str.contains("missing").sum() == 1


def test_repeated_counts_are_added_up_and_repeated_events_are_one() -> None:
    frame = pd.concat([interactions().assign(rating=2.0), interactions().head(3).assign(rating=5.0)])
    counts = Dataset.from_frames(frame, items(), feedback="counts")
    assert counts.prepared.interactions.ratings.data.max() == 7
    assert "3 repeated rows added up" in repr(counts)
    events = Dataset.from_frames(frame, items(), feedback="events")
    assert set(events.prepared.interactions.ratings.data) == {1.0}
    assert "3 repeated rows are one" in repr(events)


@pytest.mark.parametrize("dtype", ["float64", "Int64", "Int32", "category", "object"])
def test_whole_numbers_are_ids_whatever_holds_them(dtype: str) -> None:
    frame = interactions().astype({"user_id": dtype, "item_id": dtype})
    assert same(Dataset.from_frames(frame, items(), feedback=SCALE), dataset())


def test_moments_are_times() -> None:
    frame = interactions()
    frame["timestamp"] = pd.to_datetime(frame.timestamp, unit="s", utc=True)
    assert same(Dataset.from_frames(frame, items(), feedback=SCALE), dataset())
    in_milliseconds = interactions().assign(timestamp=interactions().timestamp * 1000)
    assert same(Dataset.from_frames(in_milliseconds, items(), feedback=SCALE), dataset())


def test_tags_become_features() -> None:
    tags = interactions()[["user_id", "item_id"]].assign(tag=["slow", "dark"] * 263)
    found = Dataset.from_frames(interactions(), items(), tags=tags, feedback=SCALE)
    assert {"slow", "dark"} <= set(found.split().features.names["tags"])


def test_what_counts_as_liked_is_the_callers_to_say() -> None:
    found = Dataset.from_frames(interactions(), items(), feedback=SCALE, relevance=2)
    assert found.relevance.positive_threshold == 2
    assert found.split().parts.test.targets.nnz > split().parts.test.targets.nnz


def test_the_files_go_with_the_data() -> None:
    found = Dataset.from_frames(interactions(), items(), feedback=SCALE)
    directory = found.prepared.directory
    assert pq.read_metadata(directory / "validated" / "ratings" / "rows.parquet").num_rows == 526
    del found
    gc.collect()
    assert not directory.exists()


def test_a_split_is_taken_apart_and_told() -> None:
    train, test = split()
    assert (train.side, test.side) == ("train", "test")
    assert repr(train).startswith("training part: ")
    assert repr(test).endswith(f"{split().parts.test.history.n_users} users")
    assert repr(split()).startswith("films, user_holdout:")
    assert "validation" in split()._repr_html_()
    assert dataset().split(seed=1).parts.test.user_ids.tolist() != split().parts.test.user_ids.tolist()


def test_without_times_nothing_is_split_by_them() -> None:
    timeless = Dataset.from_frames(interactions().drop(columns="timestamp"), items(), feedback=SCALE)
    with pytest.raises(DataError, match="of the same moment, or of none that is known"):
        timeless.split("temporal")
