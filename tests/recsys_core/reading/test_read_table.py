"""read_table: every row of a file ends in rows.parquet or, with its line and reason, in rejected.parquet."""

import csv
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.schema import TableSpec
from recsys_core.errors import MissingFileError, ParameterError
from recsys_core.reading import REJECTED_SCHEMA, ReadSummary, read_table, write_absent_table

RATINGS = MOVIELENS.table("ratings")
MOVIES = MOVIELENS.table("movies")
HEADER = b"userId,movieId,rating,timestamp\n"
SAMPLE = Path(__file__).resolve().parents[3] / "data" / "sample"


@dataclass
class Outcome:
    summary: ReadSummary
    rows: list[dict[str, Any]]
    rejected: list[dict[str, Any]]

    @property
    def lines(self) -> list[int]:
        return [row["line"] for row in self.rows]

    @property
    def reasons(self) -> list[tuple[int, str | None, str]]:
        return [(row["line"], row["column"], row["reason"]) for row in self.rejected]


def read(tmp_path: Path, content: bytes, table: TableSpec = RATINGS, **options: Any) -> Outcome:
    path = tmp_path / f"{table.name}.csv"
    path.write_bytes(content)
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    summary = read_table(path, table, out, **options)
    rows = pq.read_table(out / "rows.parquet")
    rejected = pq.read_table(out / "rejected.parquet")
    assert summary.n_rows == summary.n_accepted + summary.n_rejected
    assert (rows.num_rows, rejected.num_rows) == (summary.n_accepted, summary.n_rejected)
    assert rows.schema.remove_metadata().equals(
        pa.schema([*((column.name, column.arrow_type) for column in table.columns), ("line", pa.int64())])
    )
    assert rejected.schema.equals(REJECTED_SCHEMA)
    return Outcome(summary, rows.to_pylist(), rejected.to_pylist())


@pytest.mark.parametrize("name", ["ratings", "movies", "links", "tags", "genome_scores", "genome_tags"])
def test_bundled_files_read_as_the_csv_module_reads_them(tmp_path: Path, name: str) -> None:
    path = SAMPLE / f"{name}.csv"
    table = MOVIELENS.table(name)

    summary = read_table(path, table, tmp_path)

    with path.open(encoding="utf-8", newline="") as opened:
        expected = list(csv.DictReader(opened))
    rows = pq.read_table(tmp_path / "rows.parquet").to_pydict()
    convert = {"id": int, "int": int, "timestamp": int, "float": float, "text": str, "set": str}
    absent = ("year",) if name == "movies" else ()
    for column in table.columns:
        cells = [row.get(column.in_file) for row in expected]
        values = [convert[column.type](cell) if cell else None for cell in cells]
        assert rows[column.name] == values
    assert rows["line"] == list(range(2, len(expected) + 2))
    assert summary == ReadSummary(
        table=name,
        file=f"{name}.csv",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        n_rows=len(expected),
        n_accepted=len(expected),
        n_rejected=0,
        absent=absent,
    )


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("last", [True, False])
def test_either_line_end_with_or_without_byte_order_mark_or_last_line_end(
    tmp_path: Path, end: bytes, mark: bytes, last: bool
) -> None:
    lines = [b"movieId,title,genres", b'1,"Caf\xc3\xa9, ""the"" (1995)",Drama', b"2,Heat (1995),Action|Crime"]
    outcome = read(tmp_path, mark + end.join(lines) + (end if last else b""), MOVIES)

    assert outcome.rows == [
        {"item_id": 1, "title": 'Café, "the" (1995)', "genres": "Drama", "year": None, "line": 2},
        {"item_id": 2, "title": "Heat (1995)", "genres": "Action|Crime", "year": None, "line": 3},
    ]
    assert outcome.rejected == []


def test_columns_are_matched_by_name_and_further_ones_ignored(tmp_path: Path) -> None:
    content = b"timestamp,note, rating,movieId,userId\n100,\xff\xfe,4.5,2,1\n"
    outcome = read(tmp_path, content)
    assert outcome.rows == [{"user_id": 1, "item_id": 2, "rating": 4.5, "timestamp": 100, "line": 2}]


def test_header_only_gives_no_rows(tmp_path: Path) -> None:
    outcome = read(tmp_path, HEADER)
    assert (outcome.summary.n_rows, outcome.rows, outcome.rejected) == (0, [], [])


def test_words_for_nothing_are_null_where_a_cell_may_be_empty_and_text_elsewhere(tmp_path: Path) -> None:
    content = b'movieId,title,genres\n,NA,\n2,"",null\n3,nan,"NULL"\n'
    outcome = read(tmp_path, content, MOVIES)
    assert [tuple(row.values()) for row in outcome.rows] == [
        (None, "NA", None, None, 2),
        (2, None, None, None, 3),
        (3, "nan", None, None, 4),
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_header_once_more_is_no_row(tmp_path: Path, end: bytes) -> None:
    users_are_texts = MOVIELENS.with_text_ids(["user_id", "item_id"]).table("tags")
    content = b"userId,movieId,tag,timestamp\na,b,good,1\nuserId,movieId,tag,timestamp\nc,d,bad,2\n".replace(b"\n", end)
    outcome = read(tmp_path, content, users_are_texts)
    assert outcome.lines == [2, 4]
    assert outcome.reasons == [(3, None, "the header once more")]


def test_words_for_nothing_are_missing_ids(tmp_path: Path) -> None:
    outcome = read(tmp_path, HEADER + b"NA,1,5,1\n1,NULL,5,1\n2,2,5,x\n")
    assert outcome.lines == [2, 3], "which validation rejects as missing"


def test_not_a_number_and_infinities_are_floats_for_validation_to_judge(tmp_path: Path) -> None:
    outcome = read(tmp_path, HEADER + b"1,2,nan,3\n1,3,inf,3\n1,4,-Infinity,3\n1,5,NaN,3\n")
    assert [str(row["rating"]) for row in outcome.rows] == ["nan", "inf", "-inf", "nan"]


def test_ids_beyond_31_bits_are_kept_for_validation_and_beyond_64_bits_refused(tmp_path: Path) -> None:
    outcome = read(tmp_path, HEADER + b"4294967296,1,3,5\n1,9223372036854775808,3,5\n-7,9223372036854775807,3,5\n")
    assert [(row["user_id"], row["item_id"]) for row in outcome.rows] == [(2**32, 1), (-7, 2**63 - 1)]
    assert outcome.reasons == [(3, "item_id", "whole number beyond 64 bits")]


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (b"abc,1,3.5,5", "user_id", "not a whole number"),
        (b"1.5,1,3.5,5", "user_id", "not a whole number"),
        (b"0x10,1,3.5,5", "user_id", "not a whole number"),
        (b"1,1,good,5", "rating", "not a number"),
        (b"1,1,,bad", "timestamp", "neither seconds since 1970 nor a date"),
        (b"1,1,\xe9,5", "rating", "not UTF-8"),
        (b"1,1,3.5", None, "too few columns"),
        (b"1,1,3.5,5,6", None, "too many columns"),
        (b"   ", None, "too few columns"),
        (b"1;1;3.5;5", None, "too few columns"),
        (b"1,1,3\0.5,5", None, "NUL byte"),
        (b'1,"1,3.5,5', None, "unclosed or misplaced quotation mark"),
        (b'1,"2"a,3.5,5', None, "unclosed or misplaced quotation mark"),
        (b'1,a"b,"c,d', None, "unclosed or misplaced quotation mark"),  # an even number, yet one stays open
        (b"1,1,3.5\r,5", None, "carriage return inside the line"),
        (b"1,1," + b"3" * 2_000 + b",5", None, "line too long"),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_one_bad_line_costs_that_line_only(
    tmp_path: Path, line: bytes, column: str | None, reason: str, end: bytes
) -> None:
    good = [b"%d,%d,3.5,900000000" % (n, n + 1) for n in range(1, 8)]
    content = end.join([HEADER.strip(), *good[:3], line, *good[3:]]) + end

    outcome = read(tmp_path, content, max_line_bytes=1_000)

    assert outcome.reasons == [(5, column, reason)]
    assert outcome.rejected[0]["file"] == "ratings.csv"
    assert outcome.rejected[0]["expectation"] is None
    assert [(row["user_id"], row["line"]) for row in outcome.rows] == [
        (1, 2),
        (2, 3),
        (3, 4),
        (4, 6),
        (5, 7),
        (6, 8),
        (7, 9),
    ]


@pytest.mark.parametrize("neighbour", [b"", b"bad,bad,bad,bad\n"])
def test_blanks_around_a_number_are_ignored_whatever_stands_beside_it(tmp_path: Path, neighbour: bytes) -> None:
    outcome = read(tmp_path, HEADER + b" 1,2 ,\t3.5, 4\t\n" + neighbour)
    assert outcome.rows == [{"user_id": 1, "item_id": 2, "rating": 3.5, "timestamp": 4, "line": 2}]


def test_pairs_of_quotation_marks_inside_an_unquoted_title_are_kept_as_they_are(tmp_path: Path) -> None:
    outcome = read(tmp_path, b'movieId,title,genres\n1,Foo "Bar" (1990),Drama\n2,"Foo ""Bar""",Drama\n', MOVIES)
    assert [row["title"] for row in outcome.rows] == ['Foo "Bar" (1990)', 'Foo "Bar"']


def test_a_row_with_several_faults_is_rejected_once_for_the_first_column(tmp_path: Path) -> None:
    assert read(tmp_path, HEADER + b"x,y,z,w\n").reasons == [(2, "user_id", "not a whole number")]


def test_last_line_cut_short_is_rejected_but_a_whole_one_without_line_end_is_kept(tmp_path: Path) -> None:
    assert read(tmp_path, HEADER + b"1,2,3,4\n5,6,7").reasons == [(3, None, "file ends in the middle of the line")]
    assert read(tmp_path, HEADER + b"1,2,3,4\n5,6,7,8").lines == [2, 3]
    cut_title = read(tmp_path, b'movieId,title,genres\n1,"Heat, the (1995)","Act', MOVIES)
    assert cut_title.reasons == [(2, None, "unclosed or misplaced quotation mark")]


def test_blank_lines_are_no_rows_but_count_as_lines(tmp_path: Path) -> None:
    outcome = read(tmp_path, b"\n\r\n" + HEADER + b"\n1,1,1,1\n\n\r\nx,1,1,1\n2,2,2,2\n\n")
    assert outcome.lines == [5, 9]
    assert outcome.reasons == [(8, "user_id", "not a whole number")]
    assert outcome.summary.n_rows == 3


def test_line_numbers_are_exact_over_many_blocks_with_lines_of_every_kind(tmp_path: Path) -> None:
    kinds = [b"%d,1,2.5,3", b"", b"%d,1,2.5", b"%d,\0,2.5,3", b'"%d",1,"2.5",3', b'%d,"1,2.5,3', b"%d,1,2.5,z"]
    lines = [HEADER.strip()]
    for number in range(2, 3_000):
        kind = kinds[number * 7919 % len(kinds)] if number % 3 == 0 else kinds[0]
        lines.append(kind % number if b"%d" in kind else kind)

    outcome = read(tmp_path, b"\n".join(lines) + b"\n", block_bytes=256, row_group_rows=100)

    assert all(row["user_id"] == row["line"] for row in outcome.rows)
    assert all(row["text"].lstrip('"').startswith(f"{row['line']},") for row in outcome.rejected)
    assert [row["line"] for row in outcome.rejected] == sorted(row["line"] for row in outcome.rejected)
    accounted = {row["line"] for row in outcome.rows} | {row["line"] for row in outcome.rejected}
    assert accounted == {number for number in range(2, 3_000) if lines[number - 1]}


def test_result_does_not_depend_on_block_size_or_threads(tmp_path: Path) -> None:
    content = (SAMPLE / "movies.csv").read_bytes()[:60_000] + b'\r\nbad,line\r\n"unclosed\r\n\xff,x,y\r\n7,a,b\r\n'
    whole = read(tmp_path, content, MOVIES)
    assert len(whole.rejected) == 4  # the three and the title cut at 60,000 bytes
    for options in ({"block_bytes": 64}, {"block_bytes": 1_000, "threads": 1}, {"block_bytes": 4_097, "threads": 3}):
        assert read(tmp_path, content, MOVIES, **options) == whole


def test_row_groups_have_the_asked_size(tmp_path: Path) -> None:
    read(tmp_path, HEADER + b"1,2,3,4\n" * 250, row_group_rows=100, block_bytes=512)
    stored = pq.ParquetFile(tmp_path / "out" / "rows.parquet")
    assert [stored.metadata.row_group(n).num_rows for n in range(stored.num_row_groups)] == [100, 100, 50]


def test_more_rejected_rows_than_the_buffer_are_all_kept(tmp_path: Path) -> None:
    outcome = read(tmp_path, HEADER + b"x,2,3,4\n" * 25_000)
    assert [row["line"] for row in outcome.rejected] == list(range(2, 25_002))


def test_text_of_a_rejected_row_is_short_printable_and_complete_where_it_can_be(tmp_path: Path) -> None:
    long_title = b"9," + b"\xc3\xa9" * 5_000 + b",Drama,more"
    outcome = read(tmp_path, b"movieId,title,genres\n1,\0\xff\t\x1b[31m,Drama\n" + long_title + b"\n", MOVIES)
    assert outcome.rejected[0]["text"] == "1,\\x00\\xff\\t\\x1b[31m,Drama"
    assert len(outcome.rejected[1]["text"]) == 500
    assert outcome.rejected[1]["text"].endswith("é…")


def test_missing_file_and_impossible_options_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"ratings\.csv: cannot be opened"):
        read_table(tmp_path / "ratings.csv", RATINGS, tmp_path)
    with pytest.raises(ParameterError, match="row_group_rows is 0; expected at least 1"):
        read(tmp_path, HEADER, row_group_rows=0)


def test_absent_optional_table_is_stored_empty(tmp_path: Path) -> None:
    table = MOVIELENS.table("tags")
    summary = write_absent_table(table, tmp_path)
    assert summary.as_dict() == {
        "table": "tags",
        "file": None,
        "sha256": None,
        "n_rows": 0,
        "n_accepted": 0,
        "n_rejected": 0,
        "absent": (),
        "unused": (),
        "emptied": {},
        "examples": {},
        "fault": "",
    }
    assert pq.read_table(tmp_path / "rows.parquet").column_names == [*table.column_names, "line"]
    assert pq.read_table(tmp_path / "rejected.parquet").schema.equals(REJECTED_SCHEMA)


def test_cells_that_may_be_empty_are_emptied_and_counted_and_the_row_stays(tmp_path: Path) -> None:
    content = b"movieId,imdbId,tmdbId\n1,tt0114709,862.0\n2,114709.0,NaN\n3,x,-8\n4,,0\n5,7,many\n6,8,\\N\n"
    outcome = read(tmp_path, content, MOVIELENS.table("links"))
    assert [(row["imdb_id"], row["tmdb_id"]) for row in outcome.rows] == [
        ("0114709", 862), ("114709", None), (None, None), (None, None), ("7", None), ("8", None),
    ]  # fmt: skip
    assert outcome.summary.emptied == {"imdb_id": 1, "tmdb_id": 2}
    assert outcome.summary.examples == {"tmdb_id": "many"}


def test_dates_and_fractions_of_seconds_are_moments_in_the_declared_unit(tmp_path: Path) -> None:
    cells = b"1,1,3,1970-01-02\n1,2,3,1970-01-01T00:01:00+00:01\n1,3,3,86400000.9\n1,4,3,01/02/1970\n"
    per_second = replace(RATINGS, columns=tuple(
        replace(c, per_second=1000) if c.name == "timestamp" else c for c in RATINGS.columns
    ))  # fmt: skip
    outcome = read(tmp_path, HEADER + cells, per_second)
    assert [row["timestamp"] for row in outcome.rows] == [86_400, 0, 86_400]
    assert outcome.reasons == [(5, "timestamp", "neither seconds since 1970 nor a date")]


@pytest.mark.parametrize("block_bytes", [8, 1 << 20])
def test_a_gathered_table_has_each_id_once_and_nothing_that_the_file_says_else(
    tmp_path: Path, block_bytes: int
) -> None:
    columns = tuple(replace(c, copies="item_id") if c.name == "title" else c for c in MOVIES.columns)
    table = replace(MOVIES, columns=columns, gathered=True)
    content = b"user,movieId,title,year\n1,7,seven,1999\n1,-3,x,1\n1,seven,y,1\n2,7,z,2\n2,,a,3\n3,12,b,4\n2,-3,c,5\n"

    found = read(tmp_path, content, table, block_bytes=block_bytes)

    assert [(row["item_id"], row["title"], row["genres"], row["year"], row["line"]) for row in found.rows] == [
        (7, "7", None, None, 2),
        (-3, "-3", None, None, 3),
        (12, "12", None, None, 7),
    ]
    assert (found.rejected, found.summary.absent, found.summary.unused) == ([], (), ())
