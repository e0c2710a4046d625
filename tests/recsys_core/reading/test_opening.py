"""Whatever the format of a file, its rows are those of the CSV file with the same content."""

import gzip
import hashlib
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.schema import FileFormat, TableSpec
from recsys_core.errors import MalformedFileError, MissingFileError
from recsys_core.reading import ReadSummary, content_digest, locate_table, read_table

MOVIES = MOVIELENS.table("movies")
RATINGS = MOVIELENS.table("ratings")
ROWS = [(1, 'Café, "the" (1995)', "Drama|War"), (2, "Heat; or not: 2|3", "Crime"), (30, "Père\tNoël", None)]
CSV = 'movieId,title,genres\n1,"Café, ""the"" (1995)",Drama|War\n2,Heat; or not: 2|3,Crime\n30,Père\tNoël,\n'
RECORDS = [{"movieId": a, "title": b} | ({"genres": c} if c else {}) for a, b, c in ROWS]


def read(path: Path, table: TableSpec = MOVIES, **options: Any) -> tuple[list[tuple[Any, ...]], ReadSummary]:
    out = path.parent / "out"
    out.mkdir(exist_ok=True)
    summary = read_table(path, table, out, **options)
    assert summary.sha256 == content_digest(path, lambda part: hashlib.sha256(part.read_bytes()).hexdigest())
    rows = pq.read_table(out / "rows.parquet").drop_columns(["line"])
    return [tuple(row.values()) for row in rows.to_pylist()], summary


def reformed(**form: Any) -> TableSpec:
    return replace(MOVIES, format=FileFormat(**form))


def cut(separator: str) -> str:
    lines = [("movieId", "title", "genres"), *((str(a), f'"{b.replace(chr(34), chr(34) * 2)}"', c or "") for a, b, c in ROWS)]  # fmt: skip  # noqa: E501
    return "".join(separator.join(line) + "\n" for line in lines)


def zipped(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return path


@pytest.mark.parametrize("separator", [";", "\t", "::", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_separators_are_found_from_the_header(tmp_path: Path, separator: str, mark: str) -> None:
    path = tmp_path / "movies.csv"
    path.write_text(mark + cut(separator), encoding="utf-8")
    expected = [(a, b, c, None) for a, b, c in ROWS]
    if separator == "|":
        expected[0] = (1, ROWS[0][1], "Drama", None)
        path.write_text(path.read_text().replace("Drama|War", "Drama"))
    assert read(path)[0] == expected


def test_every_packing_and_every_typed_format_gives_the_rows_of_the_csv_file(tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_text(CSV)
    expected = read(tmp_path / "movies.csv")[0]
    assert expected == [(a, b, c, None) for a, b, c in ROWS]
    (tmp_path / "movies.csv.gz").write_bytes(gzip.compress(CSV.encode()[:20]) + gzip.compress(CSV.encode()[20:]))
    zipped(tmp_path / "movies.zip", movies__csv=CSV, README__md="films")
    with zipfile.ZipFile(tmp_path / "movies.zip", "a") as archive:
        archive.writestr("__MACOSX/._movies.csv", "x")
    (tmp_path / "movies.tsv.GZ").write_bytes(gzip.compress(cut("\t").encode()))
    lines = "\n".join(map(json.dumps, RECORDS))
    (tmp_path / "movies.jsonl").write_text(lines)
    (tmp_path / "movies.ndjson.gz").write_bytes(gzip.compress(lines.encode()))
    columns = dict(zip(("movieId", "title", "genres"), zip(*ROWS, strict=True), strict=True))
    pq.write_table(pa.table({name: list(values) for name, values in columns.items()}), tmp_path / "movies.parquet")
    for path in sorted(tmp_path.glob("movies.*")):
        assert read(path)[0] == expected, path


def test_parquet_with_lists_moments_and_decimals(tmp_path: Path) -> None:
    moment = datetime(2001, 9, 9, 1, 46, 40, 999_999, UTC)
    rows = {
        "userId": pa.array([1], pa.int32()),
        "movieId": pa.array([2.0]),
        "rating": pa.array([Decimal("3.5")]),
        "timestamp": pa.array([moment], pa.timestamp("ns", "Europe/Berlin")),
        "bytes": pa.array([b"\xff\n"]),
        "took": pa.array([5], pa.duration("s")),
        "days": pa.array([[moment]]),
    }
    pq.write_table(pa.table(rows), tmp_path / "ratings.parquet")
    found, summary = read(tmp_path / "ratings.parquet", RATINGS)
    assert found == [(1, 2, 3.5, 1_000_000_000)]
    assert summary.unused == ("bytes", "took", "days")
    films = {"movieId": [1, 2], "title": ["A\r\nB", "C"], "genres": [["Drama", "War"], []]}
    pq.write_table(pa.table(films), tmp_path / "movies.parquet")
    assert [row[1:3] for row in read(tmp_path / "movies.parquet")[0]] == [("A B", "Drama|War"), ("C", "")]
    pq.write_table(pa.table(films).slice(0, 0), tmp_path / "movies.parquet")
    assert read(tmp_path / "movies.parquet")[0] == []


def test_a_file_without_header_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "movies.dat"
    path.write_bytes("1::Père; a, b::Drama\nx::Y::Z\n".encode("latin-1"))
    table = reformed(separator="::", names=("movieId", "title", "genres"), encoding="latin-1")
    assert read(path, table)[0] == [(1, "Père; a, b", "Drama", None)]
    assert pq.read_table(tmp_path / "out" / "rejected.parquet")["line"].to_pylist() == [2]
    path.write_bytes(cut(";").encode("utf-16"))
    assert len(read(path, reformed(encoding="utf-16"))[0]) == 3


def test_what_is_no_utf_8_costs_its_row_whatever_the_separator(tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_bytes("movieId;title;genres\n1;Père;A\n".encode("latin-1") + b"2;B;C\n")
    assert read(tmp_path / "movies.csv")[0] == [(2, "B", "C", None)]
    assert pq.read_table(tmp_path / "out" / "rejected.parquet")["reason"].to_pylist() == ["not UTF-8"]


def test_a_stray_quotation_mark_costs_its_line_and_a_quoted_line_break_none(tmp_path: Path) -> None:
    body = '1;"A; b\n""c""";X\n2;"open;Y\n3;D;Z\nbad;E;Z\n' + "".join(f"{n};F;Z\n" for n in range(4, 30_000))
    (tmp_path / "movies.csv").write_text("movieId;title;genres\n" + body)
    rows, summary = read(tmp_path / "movies.csv")
    assert rows[:2] == [(1, 'A; b "c"', "X", None), (3, "D", "Z", None)]
    assert (summary.n_accepted, summary.n_rejected) == (29_998, 2)
    assert pq.read_table(tmp_path / "out" / "rejected.parquet")["line"].to_pylist() == [4, 6]


def test_without_quoting_marks_are_text(tmp_path: Path) -> None:
    (tmp_path / "movies.tsv").write_text('movieId\ttitle\tgenres\n1\t"A\tB\n')
    assert read(tmp_path / "movies.tsv", reformed(quoted=False))[0] == [(1, '"A', "B", None)]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_parts_are_one_table_with_or_without_headers_of_their_own(tmp_path: Path, ending: str) -> None:
    folder = tmp_path / f"ratings.{ending}"
    folder.mkdir()
    (folder / "_SUCCESS").touch()
    (folder / ".part-0.crc").write_bytes(b"crc")
    if ending == "csv":
        for number, text in enumerate(["", "\ufeffuserId,movieId,rating", "userId,movieId,rating\n1,2,3", "4,5,1\n"]):
            (folder / f"part-{number}").write_text(text, encoding="utf-8")
    else:
        for number, row in enumerate([(1, 2, 3.0), (4, 5, 1.0)]):
            columns = zip(("userId", "movieId", "rating"), row, strict=True)
            pq.write_table(
                pa.table({name: [value] for name, value in columns}), folder / f"part-{number}.snappy.parquet"
            )
    assert read(folder, RATINGS)[0] == [(1, 2, 3.0, None), (4, 5, 1.0, None)]


def test_json_parts_have_the_names_of_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "ratings.json"
    folder.mkdir()
    (folder / "a.json").write_text('{"userId":1,"movieId":2,"rating":3}\n\n')
    (folder / "b.json").write_text('{"rating":1.5,"userId":4,"movieId":5}\n')
    assert read(folder, RATINGS)[0] == [(1, 2, 3.0, None), (4, 5, 1.5, None)]


def test_more_parts_than_a_process_may_open(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    folder = tmp_path / "ratings.csv"
    folder.mkdir()
    for number in range(120):
        (folder / f"part-{number:03d}").write_text(f"userId,movieId,rating\n1,{number + 1},3\n")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 60, limits[1]))
    try:
        assert len(read(folder, RATINGS)[0]) == 120
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_parts_with_other_columns_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "ratings.csv"
    folder.mkdir()
    (folder / "a").write_text("userId,movieId,rating\n1,2,3\n")
    (folder / "b").write_text("movieId,userId,rating\n1,2,3\n")
    with pytest.raises(MalformedFileError, match="write all parts with the same columns"):
        read(folder, RATINGS)


def pattern_of(tmp_path: Path, **parts: str) -> Path:
    """Packed parts 1, 2 … in folders 2023, 2024 …, what is none of them, and the pattern of all parts."""
    for name, text in parts.items():
        path = tmp_path / f"{name.replace('_', '/ratings-')}.csv.gz"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()))
        (path.parent / "._ratings-0.csv.gz").write_bytes(b"of macOS")
        (path.parent / "notes.txt").write_text("none of them")
    return tmp_path / "20*" / "*.csv.gz"


def test_all_files_of_a_pattern_are_one_table_in_the_order_of_their_names(tmp_path: Path) -> None:
    head = "userId,movieId,rating\n"
    parts = {"2024_1": head + "7,8,1\n", "2023_2": head + "4,5,2\n", "2023_1": head + "1,2,3"}
    (tmp_path / "[a]").mkdir()
    pattern = pattern_of(tmp_path / "[a]", **parts)
    table = replace(RATINGS, file="20*/*.csv.gz")

    assert locate_table(tmp_path / "[a]", table) == pattern
    out = tmp_path / "out"
    out.mkdir()
    summary = read_table(pattern, table, out)
    assert pq.read_table(out / "rows.parquet")["user_id"].to_pylist() == [1, 4, 7]
    assert summary.sha256 == content_digest(pattern, lambda part: hashlib.sha256(part.read_bytes()).hexdigest())
    before = summary.sha256
    (tmp_path / "[a]" / "2024" / "ratings-1.csv.gz").rename(tmp_path / "[a]" / "2024" / "ratings-9.csv.gz")
    assert content_digest(pattern, lambda part: hashlib.sha256(part.read_bytes()).hexdigest()) != before


@pytest.mark.parametrize("second", ["movieId,userId,rating\n1,2,3\n", "film,person,stars\n1,2,3\n", "1,2,3\n"])
def test_a_file_of_a_pattern_with_other_columns_is_named(tmp_path: Path, second: str) -> None:
    pattern = pattern_of(tmp_path, **{"2023_1": "userId,movieId,rating\n1,2,3\n", "2024_1": second})
    (tmp_path / "out").mkdir()
    with pytest.raises(
        MalformedFileError, match=r"2024/ratings-1\.csv\.gz: its columns are .*, those of ratings-1\.csv\.gz"
    ):
        read_table(pattern, RATINGS, tmp_path / "out")


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").mkdir()
    with pytest.raises(MissingFileError, match="is a folder without files"):
        read(tmp_path / "ratings.csv", RATINGS)


LONG = CSV.encode() + bytes(range(32, 127)) * 9


def damaged(content: bytes) -> bytes:
    return content[:200] + bytes(255 - byte for byte in content[200:220]) + content[220:]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("movies.csv.gz", gzip.compress(CSV.encode(), mtime=0)[:-12], "cannot be unpacked"),
        (
            "movies.csv.gz",
            damaged(gzip.compress(CSV.encode() + bytes(range(32, 127)) * 9, mtime=0)),
            "cannot be unpacked",
        ),
        ("movies.csv.gz", CSV.encode(), "cannot be unpacked"),
        ("movies.csv.zip", CSV.encode(), "is no zip archive"),
        ("movies.parquet", CSV.encode(), "cannot be read as Parquet"),
        ("movies.jsonl", b'[{"movieId": 1}]', "line 1 is no JSON object"),
        ("movies.jsonl", b'\n{"mov', "line 2 is no JSON object"),
    ],
    ids=["cut off", "damaged", "no gzip", "no zip", "no Parquet", "a list", "half a line alone"],
)
def test_a_damaged_file_is_named_with_what_is_wrong(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MalformedFileError, match=message) as caught:
        read(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name}: ")


NO_OBJECTS = {
    "half a line": b'{"movieId": 2, "tit',
    "a list": b"[2]",
    "two numbers": b"7, x",
    "two texts": b'"a" "b"',
    "no text": b"\xff\xfe{}",
    "too deep": b"{" * 100_000,
}


@pytest.mark.parametrize("bad", NO_OBJECTS.values(), ids=NO_OBJECTS)
def test_a_line_that_is_no_json_object_is_rejected_and_the_others_are_read(tmp_path: Path, bad: bytes) -> None:
    first, last = b'{"movieId": 1, "title": "A", "genres": "Drama"}', b'{"movieId": 3, "title": "C", "genres": "War"}'
    (tmp_path / "movies.jsonl").write_bytes(b"\n".join((first, bad, last, bad)))
    rows, summary = read(tmp_path / "movies.jsonl")
    assert [row[0] for row in rows] == [1, 3]
    assert (summary.n_accepted, summary.n_rejected) == (2, 2)
    rejected = pq.read_table(tmp_path / "out" / "rejected.parquet").to_pylist()
    assert [row["line"] for row in rejected] == [2, 4]
    assert {row["reason"] for row in rejected} == {"too few columns"}


def test_an_archive_of_two_tables_and_one_with_a_flipped_bit_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "movies.zip", movies__csv=CSV, more__csv=CSV)
    with pytest.raises(MalformedFileError, match="holds 2 files of rows"):
        read(path)
    zipped(path, movies__csv=CSV)
    path.write_bytes(path.read_bytes().replace(b"Heat", b"Meat"))
    with pytest.raises(MalformedFileError, match="cannot be unpacked"):
        read(path)


def test_parquet_with_texts_as_bytes(tmp_path: Path) -> None:
    films = {"movieId": [1, 2], "title": [b"Caf\xc3\xa9", b"Caf\xe9"], "genres": [b"Drama", None]}
    pq.write_table(pa.table(films), tmp_path / "movies.parquet")
    assert [row[1] for row in read(tmp_path / "movies.parquet")[0]] == ["Caf\u00e9", "Caf\ufffd"]
