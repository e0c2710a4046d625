"""`recsys init-dataset`: writes where it is told, never over a file unasked, and says what to run next."""

import json
from pathlib import Path

import pytest
import yaml

from pipelines.cli import main

RATINGS = "user_id;book_id;score\n" + "".join(f"{n % 5 + 1};{n % 7 + 1};{n % 10 + 1}\n" for n in range(70))
BOOKS = "book_id;title\n" + "".join(f"{n};Book {n}\n" for n in range(1, 8))
STARS = "userId,movieId,rating\n1,1,0.5\n1,2,5.0\n2,1,4.5\n"
MOVIES = "movieId,title,genres\n1,One (1999),Drama\n2,Two (2001),War\n"


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["init-dataset", *map(str, arguments)])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.fixture
def books(tmp_path: Path) -> Path:
    folder = tmp_path / "my books"
    folder.mkdir()
    (folder / "ratings.csv").write_text(RATINGS)
    (folder / "books.csv").write_text(BOOKS)
    return folder


@pytest.fixture
def movielens(tmp_path: Path) -> Path:
    (tmp_path / "ratings.csv").write_text(STARS)
    (tmp_path / "movies.csv").write_text(MOVIES)
    return tmp_path


def test_the_file_is_written_and_told_line_by_line(books: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, books)

    assert (code, err) == (0, "")
    written = yaml.safe_load((books / "dataset.yaml").read_text())
    assert written["feedback"] == {"scale": [1, 10], "step": 1}
    columns = {"item_id": "book_id", "rating": "score"}
    assert written["interactions"] == {"name": "ratings", "file": "ratings.csv", "columns": columns}
    assert "sure    feedback.scale: [1, 10]  (score is 1 to 10)" in out
    assert out.endswith(f"next: recsys check '{books}', then recsys run --data '{books}'\n")


def test_a_file_that_is_there_is_kept_unless_forced(books: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (books / "dataset.yaml").write_text("name: mine\n")

    code, out, err = call(capsys, books)
    assert (code, out) == (1, "")
    assert "dataset.yaml: is there already; give --force" in err
    assert (books / "dataset.yaml").read_text() == "name: mine\n"

    assert call(capsys, books, "--force")[0] == 0
    assert yaml.safe_load((books / "dataset.yaml").read_text())["name"] == "my books"


def test_a_folder_to_read_only_gets_no_file(books: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, books, "--out", "-")
    assert code == 0
    assert yaml.safe_load(out)["name"] == "my books"
    assert err.endswith(
        f"next: recsys check '{books}' --dataset FILE, then recsys run --data '{books}' --dataset FILE\n"
    )

    other = books.parent / "other.yaml"
    code, out_again, _ = call(capsys, books, "--out", other)
    assert code == 0
    assert out_again.endswith(f"--dataset {other}, then recsys run --data '{books}' --dataset {other}\n")
    assert other.read_text() == out
    assert call(capsys, books, "--out", other)[0] == 1
    assert sorted(path.name for path in books.iterdir()) == ["books.csv", "ratings.csv"]


def test_json_has_the_file_the_guesses_and_what_is_next(books: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, books, "--json")

    document = json.loads(out)
    assert code == 0
    assert set(document) == {"file", "guesses", "next"}
    assert document["file"] == str(books / "dataset.yaml")
    assert {frozenset(guess) for guess in document["guesses"]} == {frozenset(["what", "value", "confidence", "why"])}
    assert {guess["confidence"] for guess in document["guesses"]} <= {"sure", "likely", "guess"}
    assert document["next"] == [f"recsys check '{books}'", f"recsys run --data '{books}'"]


def test_json_and_the_file_do_not_share_standard_output(books: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, books, "--json", "--out", "-")
    assert (code, out) == (2, "")
    assert "give --out a file" in err


def test_movielens_needs_no_file_and_gets_one_when_forced(movielens: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, movielens)
    assert code == 0
    assert "no dataset.yaml is needed: without one the folder is read as MovieLens" in out
    assert not (movielens / "dataset.yaml").exists()
    assert json.loads(call(capsys, movielens, "--json")[1])["file"] is None

    assert call(capsys, movielens, "--force")[0] == 0
    assert yaml.safe_load((movielens / "dataset.yaml").read_text())["items"]["file"] == "movies.csv"


def test_a_folder_without_tables_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, tmp_path)
    assert (code, out) == (1, "")
    assert "no file has a column of users and one of items" in err

    (tmp_path / "spiele.csv").write_text("Spieler;Spiel-Nr;Note;Datum\na;1;3;2024-01-01\nb;1;4;2024-01-02\n")
    code, _, err = call(capsys, tmp_path)
    assert (code, "say in dataset.yaml which they are, as interactions: {file: …, columns: {user_id:" in err) == (
        1,
        True,
    )
