"""Reading a table piece by piece gives what reading it whole gives, wherever it is cut."""

import gzip
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.schema import TableSpec
from recsys_core.errors import MalformedFileError, RecsysError
from recsys_core.reading import ReadSummary, read_table
from recsys_core.reading.pieces import Piece, PieceRead, pieces_of, read_piece, read_table_in_pieces

MOVIES = MOVIELENS.table("movies")
RATINGS = MOVIELENS.table("ratings")


def read_all(tasks: Sequence[tuple[Piece, Path]], table: TableSpec) -> list[PieceRead | RecsysError]:
    """Back to front, as no order is promised."""
    found: list[PieceRead | RecsysError] = []
    for piece, folder in reversed(tasks):
        folder.mkdir()
        found.insert(0, read_piece(piece, table, folder))
    return found


def both_ways(
    path: Path, table: TableSpec, piece_bytes: int, out: Path
) -> tuple[list[tuple[ReadSummary, dict[str, pa.Table]]], int]:
    """Summary and files of the table read whole and in pieces, and the number of pieces."""
    whole, apart, scratch = out / "whole", out / "apart", out / "scratch"
    for folder in (whole, apart, scratch):
        folder.mkdir(parents=True)
    pieces = pieces_of(path, table, piece_bytes=piece_bytes)
    summaries = [
        read_table(path, table, whole),
        read_table_in_pieces(path, table, apart, scratch, pieces, lambda tasks: read_all(tasks, table)),
    ]
    files = [{each.name: pq.read_table(each) for each in folder.iterdir()} for folder in (whole, apart)]
    return list(zip(summaries, files, strict=True)), len(pieces)


lines = st.sampled_from(
    ["1,Heat,Crime", '2,"Jules\net Jim",Drama', '3,"The\n\n""End""",', "x,y,z", "4", "", '5,"open,Drama', '6,a"b,c']
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(lines, max_size=30), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.sampled_from([1, 30, 90]))
def test_a_file_may_be_cut_at_any_line(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str], end: str, closed: bool, piece_bytes: int
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    path = folder / "movies.csv"
    path.write_bytes(end.join(["", "movieId,title,genres", *rows, ""][: None if closed else -1]).encode())

    (whole, apart), _ = both_ways(path, MOVIES, piece_bytes, folder / "out")

    assert apart == whole


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.lists(st.lists(lines, max_size=6), min_size=2, max_size=6), st.booleans(), st.booleans())
def test_parts_of_a_folder_may_be_read_apart(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[str]], have_headers: bool, packed: bool
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    path = folder / "movies"
    path.mkdir()
    for number, rows in enumerate(parts):
        header = ["movieId,title,genres"] if have_headers or number == 0 else []
        text = "\n".join([*header, *rows]).encode()
        name = f"part-{number}.csv" + (".gz" if packed else "")
        (path / name).write_bytes(gzip.compress(text, mtime=0) if packed else text)

    (whole, apart), _ = both_ways(path, MOVIES, 1, folder / "out")

    assert apart == whole


def test_parquet_and_json_parts_are_pieces(tmp_path: Path) -> None:
    parquet, lines_of_json = tmp_path / "ratings", tmp_path / "movies"
    parquet.mkdir()
    lines_of_json.mkdir()
    for number in range(4):
        columns = {"userId": [number, 7], "movieId": [5, 6], "rating": [4.5, 9.0], "timestamp": [1, 2]}
        pq.write_table(pa.table(columns), parquet / f"part-{number}.parquet")
        (lines_of_json / f"part-{number}.json").write_text(
            f'{{"movieId": {number}, "title": "a", "genres": ""}}\n{{"movieId": "x", "title": "b"}}\n'
        )

    for path, table in ((parquet, RATINGS), (lines_of_json, MOVIES)):
        (whole, apart), n_pieces = both_ways(path, table, 1, tmp_path / f"out-{path.name}")
        assert apart == whole
        assert n_pieces == 4


def test_text_ids_and_gathered_tables_are_put_together(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("userId,movieId,rating,timestamp\n" + "".join(f"u{n % 7},{n % 5},3,{n}\n" for n in range(40)))
    texts = tuple(replace(c, type="text id") if c.name == "user_id" else c for c in RATINGS.columns)
    copied = tuple(replace(c, copies="item_id") if c.name == "title" else c for c in MOVIES.columns)

    for table in (replace(RATINGS, columns=texts), replace(MOVIES, columns=copied, gathered=True)):
        (whole, apart), n_pieces = both_ways(path, table, 60, tmp_path / table.name)
        assert apart == whole
        assert n_pieces > 3


def test_what_is_wrong_with_a_part_is_said_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "movies"
    path.mkdir()
    (path / "a.csv").write_text("movieId,title,genres\n1,Heat,Crime\n")
    (path / "b.csv").write_text("movieId,title\n1,Heat\n")
    messages = []
    for read in (
        lambda out: read_table(path, MOVIES, out),
        lambda out: read_table_in_pieces(
            path, MOVIES, out, out, pieces_of(path, MOVIES), lambda tasks: read_all(tasks, MOVIES)
        ),
    ):
        out = tmp_path / f"out{len(messages)}"
        out.mkdir()
        with pytest.raises(MalformedFileError) as error:
            read(out)
        messages.append(str(error.value))

    assert messages[0] == messages[1]
