"""`recsys synth`: a folder that the other commands take as it is, or one message."""

import json
from pathlib import Path

import pytest

from pipelines.cli import main

SMALL = ("--ratings", "10000", "--movies", "1000")


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_what_is_made_passes_the_check_without_a_reject(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "made data"
    code, out, err = call(capsys, "synth", *SMALL, "--out", folder)
    assert (code, err) == (0, "")
    assert "10,000 ratings by 65 users of 1,000 movies" in out
    assert out.endswith(f"next: recsys run --data '{folder}'\n")

    code, out, _ = call(capsys, "check", folder, "--json")
    picture = json.loads(out)
    assert (code, picture["status"], picture["findings"]) == (0, "ok", [])
    assert {name: counts["rejected"] for name, counts in picture["tables"].items()} == dict.fromkeys(
        ("ratings", "movies", "links", "tags", "genome_scores", "genome_tags"), 0
    )


def test_json_is_one_document_with_all_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "synth", *SMALL, "--users", "90", "--seed", "7", "--out", tmp_path / "x", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "folder": str(tmp_path / "x"),
        "seed": 7,
        "n_ratings": 10_000,
        "n_users": 90,
        "n_movies": 1_000,
        "n_rated": 946,
        "n_genome_movies": 221,
        "n_tag_applications": 437,
        "n_genome_tags": 1_128,
        "next": f"recsys run --data {tmp_path / 'x'}",
    }


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").touch()
    code, out, err = call(capsys, "synth", *SMALL, "--out", tmp_path)
    assert (code, out) == (1, "")
    assert err.strip() == f"recsys: {tmp_path} is there already and not empty; name a new folder, or remove it first"


def test_too_few_movies_are_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "synth", "--ratings", "10000", "--movies", "249", "--out", tmp_path / "x")
    assert (code, out, err.strip()) == (1, "", "recsys: 249 movies are too few; ask for 250 or more")
    assert list(tmp_path.iterdir()) == []
