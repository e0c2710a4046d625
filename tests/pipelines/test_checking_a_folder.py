"""`recsys check` tells what a folder holds, in words or as a document, and makes nothing."""

import json
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.settings import Settings
from tests.corpus.healthy_folder import edit_lines, lines_of

pytestmark = pytest.mark.xdist_group("great_expectations")


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["check", *(str(argument) for argument in arguments)])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.fixture
def ones(data_dir: Path) -> Path:
    """The folder with a 1 for every rating."""
    header, *rows = (line.split(",") for line in lines_of(data_dir / "ratings.csv"))
    edit_lines(data_dir / "ratings.csv", [",".join(header), *(f"{user},{item},1,{at}" for user, item, _, at in rows)])
    return data_dir


def test_a_sound_folder_in_words(
    settings: Settings, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.rglob("*"))

    code, out, err = call(capsys, data_dir)

    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0].split() == ["table", "rows", "in", "accepted", "rejected", "file"]
    assert lines[1].split() == ["ratings", "615", "615", "0", "ratings.csv"]
    assert lines[8].startswith("feedback: ratings, found from 1.5 to 5; ")
    assert lines[9].startswith("30 users, 40 items, density 51.25%, from 2017-07-14 to ")
    assert lines[10].startswith("features: genre 4, ")
    assert lines[11] == "years of release: 1980 to 2019"
    assert lines[-1] == "ok: 0 errors, 0 warnings"
    assert sorted(tmp_path.rglob("*")) == before, "nothing is made"
    assert not settings.home.exists()


def test_refused_data_cost_exit_code_1_and_errors_come_first(ones: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (ones / "tags.csv").unlink()
    (ones / "tags.csv.old").touch()

    code, out, err = call(capsys, ones)

    assert (code, err) == (1, "")
    *_, error, warning, last = out.splitlines()
    assert error.startswith("error: ratings (ratings.csv): the highest rating is 1: less than relevance.positive")
    assert warning.startswith("warning: tags.csv.old: ")
    assert last == "refused: 1 error, 1 warning"
    assert any(line.split() == ["tags", "0", "0", "0", "-"] for line in out.splitlines())

    code, out, err = call(capsys, ones, "--json")
    document = json.loads(out)
    assert (code, err, document["status"]) == (1, "", "refused")
    assert [finding["kind"] for finding in document["findings"]] == ["no_relevant_rating", "file_unused"]
    assert document["unused_files"] == ["tags.csv.old"]


def test_what_counts_as_relevant_is_the_configurations(
    ones: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "low.yaml").write_text("relevance: {positive_threshold: 1}\n")

    code, out, _ = call(capsys, ones, "--config", tmp_path / "low.yaml")

    assert code == 0
    assert "100.0% are at least 1, so relevant" in out


def test_a_table_that_cannot_be_read_has_no_counts(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data_dir / "movies.csv").unlink()

    code, out, _ = call(capsys, data_dir)

    assert code == 1
    assert any(line.split() == ["movies", "?", "?", "?", "-"] for line in out.splitlines())
    assert "30 users, ? items, from 2017-07-14 to " in out


def test_the_declaration_may_lie_elsewhere(data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data_dir / "dataset.yaml").write_text("name: [\n")
    (tmp_path / "own.yaml").write_text("name: own\nfeedback: {kind: events}\ninteractions: {file: ratings.csv}\n")

    code, out, _ = call(capsys, data_dir, "--dataset", tmp_path / "own.yaml")

    assert code == 0
    assert "no table of items is declared" in out
