"""Ratings given online, exported and merged into a data folder: nothing lost, nothing overwritten."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.cli import main
from serving.events import EventStore, StoredEvent, event_store_path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    when = datetime(2026, 1, 1, tzinfo=UTC)
    given = [(1, 10, 4.0), (1, 10, 4.5), (7, 20, 2.0)]
    with EventStore.open(event_store_path(home)) as store:
        store.append([StoredEvent(when, "rating", user, movie, rating) for user, movie, rating in given])
    return home


@pytest.fixture
def data(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    (data / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\n1,10,3.0,5\n2,10,5.0,6"
    )  # without a last newline
    (data / "movies.csv").write_text("movieId,title,genres\n10,A (1990),Drama\n")
    return data


def call(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


def test_merging_adds_the_last_ratings_and_leaves_the_folder_alone(
    home: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in data.iterdir()}
    out = tmp_path / "merged"
    code, said, _ = call(capsys, "feedback", "merge", "--data", data, "--out", out, "--home", home)
    assert (code, said) == (0, f"{out}: 2 ratings added; next: recsys run --data {out}\n")
    assert (out / "ratings.csv").read_text().splitlines() == [
        "userId,movieId,rating,timestamp", "1,10,3.0,5", "2,10,5.0,6", "1,10,4.5,1767225600", "7,20,2.0,1767225600",
    ]  # fmt: skip
    assert (out / "movies.csv").read_bytes() == before["movies.csv"]
    assert {path.name: path.read_bytes() for path in data.iterdir()} == before


def test_a_declaration_outside_the_folder_says_where_ratings_go(
    home: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "ratings.csv").rename(data / "stars.csv")
    declared = tmp_path / "declared.yaml"
    scale = "feedback: {scale: [0.5, 5], step: 0.5}\n"
    declared.write_text(f"name: own\n{scale}interactions: {{file: stars.csv}}\nitems: {{file: movies.csv}}\n")
    out = tmp_path / "merged"
    code, said, _ = call(
        capsys, "feedback", "merge", "--data", data, "--out", out, "--home", home, "--dataset", declared
    )
    assert (code, said) == (0, f"{out}: 2 ratings added; next: recsys run --data {out} --dataset {declared}\n")
    assert (out / "stars.csv").read_text().splitlines()[-2:] == ["1,10,4.5,1767225600", "7,20,2.0,1767225600"]


def test_exporting_writes_csv_or_parquet(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("r.csv", "r.parquet"):
        assert call(capsys, "feedback", "export", "--out", tmp_path / name, "--home", home)[0] == 0
    assert pq.read_table(tmp_path / "r.parquet")["rating"].to_pylist() == [4.5, 2.0]
    assert (tmp_path / "r.csv").read_text().count("\n") == 3


def test_mistakes_are_one_message_and_leave_nothing(
    home: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "merged"
    code, _, said = call(capsys, "feedback", "merge", "--data", data, "--out", data, "--home", home)
    assert (code, "is there already" in said) == (1, True)
    code, _, said = call(capsys, "feedback", "merge", "--data", tmp_path / "no", "--out", out, "--home", home)
    assert (code, "no such folder" in said) == (1, True)
    code, _, said = call(capsys, "feedback", "merge", "--data", data, "--out", out, "--home", tmp_path / "empty")
    assert (code, "events.db" in said) == (1, True)
    (data / "ratings.csv").write_text("movie,user,rating,timestamp\n1,1,1,1\n")
    code, _, said = call(capsys, "feedback", "merge", "--data", data, "--out", out, "--home", home)
    assert (code, "has no column userId, movieId" in said) == (1, True)
    assert not out.exists()
