"""Files whose form is not the declared one are refused with what was found and what to do."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys_core.dataset.declaration import MOVIELENS, Declaration, dataset_of
from recsys_core.errors import MalformedFileError
from recsys_core.reading import read_table

RATINGS = MOVIELENS.table("ratings")
HEADER = "userId,movieId,rating,timestamp"
TEXT = HEADER + "\n1,2,3.5,4\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; expected UTF-8 CSV text with the header userId,movieId,rating;"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\n\r\n\n", "is empty"),
        (TEXT.encode("utf-16"), "encoded in UTF-16.*save it as UTF-8"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "encoded in UTF-16"),
        (TEXT.encode("utf-32"), "encoded in UTF-32"),
        (TEXT.encode("utf-16-le"), "line 1 holds NUL bytes, so it is encoded in UTF-16 or not text"),
        (b"\x1f\x8b\x08\x00rest", "compressed by gzip.*unpack it"),
        (b"PK\x03\x04rest", "is a zip archive"),
        (TEXT.encode().replace(b"rating", b"r\xe9ting"), "line 1 is not UTF-8"),
        (TEXT.encode().replace(b"\n", b"\r"), "carriage return alone.*convert its line ends"),
        (b"x" * 5_000, "line 1 is longer than 4000 bytes"),
        (b"userId,movieId,timestamp\n1,2,3\n", "no column rating; found userId, movieId, timestamp; expected userId,"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n",
            "pointer of Git LFS.*run git lfs pull",
        ),
        (b"1,Heat (1995),Drama\n", "the first line seems to be data: add a header line"),
        (b"user,film,stars\n", "add the column or rename the one that holds it"),
        (b"1,31,2.5,1260759144\n", "the first line seems to be data: add a header line"),
        (b"userId,movieId,rating,rating,timestamp\n", "names 'rating' more than once"),
        (b"userId,movieId,Rating,RATING\n", "names 'RATING', 'Rating' more than once"),
    ],
)
def test_refused_with_the_reason_and_nothing_written(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "ratings.csv"
    path.write_bytes(content)
    out = tmp_path / "out"
    out.mkdir()

    with pytest.raises(MalformedFileError, match=message) as caught:
        read_table(path, RATINGS, out, max_line_bytes=4_000)

    assert str(caught.value).startswith(f"{path}: ")
    assert list(out.iterdir()) == []


def test_a_name_that_the_declaration_has_wrong_is_told_with_its_key(tmp_path: Path) -> None:
    declared = Declaration.model_validate(
        {
            "name": "shop",
            "feedback": {"kind": "events"},
            "interactions": {"file": "a.parquet", "columns": {"user_id": "wer", "item_id": "Ding"}},
            "items": {"file": "b.parquet", "columns": {"title": "Name"}, "features": {"Preis": "number"}},
        }
    )
    for file, role, said in (
        ("a.parquet", "ratings", r"wer (interactions.columns.user_id); found Kunde, Ding; expected wer,Ding; "),
        ("b.parquet", "movies", r"item_id, Name (items.columns.title), Preis (items.features); found Kunde, Ding; "),
    ):
        pq.write_table(pa.table({"Kunde": [1], "Ding": [2]}), tmp_path / file)
        with pytest.raises(MalformedFileError) as caught:
            read_table(tmp_path / file, dataset_of(declared).table(role), tmp_path)
        assert str(caught.value).startswith(f"{tmp_path / file}: has no column {said}")
        assert str(caught.value).endswith("; correct the declaration, which names it, or add the column")


def test_quoted_column_names_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_bytes(b'"userId","movieId","rating","timestamp","a ""note"", long"\n1,2,3,4,5\n')
    assert read_table(path, RATINGS, tmp_path).n_accepted == 1


@pytest.mark.parametrize(
    "header",
    ["user_id,movie_id,rating,timestamp", "USER ID,Movie-Id,Rating,TimeStamp", "user_id,item_id,rating,timestamp"],
)
def test_names_are_alike_whatever_their_case_and_what_is_between_words(tmp_path: Path, header: str) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(f"{header}\n1,2,3,4\n")
    summary = read_table(path, RATINGS, tmp_path)
    assert (summary.n_accepted, summary.absent, summary.unused) == (1, (), ())


def test_the_name_to_the_letter_comes_before_one_like_it_and_the_rest_is_unused(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("user_id,movieId,rating,userId,note,note\n9,2,3,1,a,b\n")
    summary = read_table(path, RATINGS, tmp_path)
    assert summary.unused == ("user_id", "note", "note")
    assert summary.absent == ("timestamp",)
    assert pq.read_table(tmp_path / "rows.parquet")["user_id"].to_pylist() == [1]
