"""The bundled sample: published bytes, and genome files that the committed script makes again."""

import csv
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
SCRIPT = SAMPLE / "make_genome.py"
GENOME_FILES = ("genome_scores.csv", "genome_tags.csv")
PUBLISHED = {  # MovieLens ml-latest-small, release of 2018-09-26, and the tag survey
    "README.txt": "63d22ac138e80fae37021797ed8e1b9424b5239dc576a137422adf783ae3f404",
    "links.csv": "97ad18e4e56a09363c65676b6cb3482ce3e2cea2372a24620c1599c843325f31",
    "movies.csv": "5a5f32dd9bb3797b8e728a1b98958789d2b13f294a69fdfbc5727f8a9611aa07",
    "ratings.csv": "aa289ca83157595d0df6aea1be6a4ded676ddc4385472e8313a8ed9805352646",
    "tags.csv": "92a9f8bb7916dceef6151209845788c3643f794dfa79d1feaec7121b5960399d",
    "source/LICENSE-CC-BY-NC-3.0.txt": "45526cb7a15234d8d686a3ba5f11b607516f90662d125d5423eb2b57f474e5e4",
    "source/survey_tag_relevance_aggregated.csv": "7294e9ddd880424ab4427586ebae56c98ec0498370af35d336d49ea381363d4c",
}


def make_genome(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the script as a user would, without site packages: it must need the standard library only."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), *map(str, arguments)], capture_output=True, text=True, check=False
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_committed_file_has_the_published_bytes(name: str) -> None:
    assert hashlib.sha256((SAMPLE / name).read_bytes()).hexdigest() == PUBLISHED[name]


def test_script_makes_the_committed_genome_byte_for_byte(tmp_path: Path) -> None:
    finished = make_genome("--out", tmp_path)

    assert finished.returncode == 0, finished.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(GENOME_FILES)
    for name in GENOME_FILES:
        assert (tmp_path / name).read_bytes() == (SAMPLE / name).read_bytes()


@pytest.mark.parametrize(
    ("option", "source"), [("--survey", "source/survey_tag_relevance_aggregated.csv"), ("--movies", "movies.csv")]
)
def test_script_refuses_an_altered_input_and_writes_nothing(tmp_path: Path, option: str, source: str) -> None:
    altered = tmp_path / "altered.csv"
    shutil.copyfile(SAMPLE / source, altered)
    altered.write_bytes(altered.read_bytes() + b"1,comedy,1,5.0,0\n")
    out = tmp_path / "out"
    out.mkdir()

    finished = make_genome(option, altered, "--out", out)

    assert finished.returncode == 1
    assert "SHA-256" in finished.stderr
    assert str(altered) in finished.stderr
    assert "Traceback" not in finished.stderr
    assert list(out.iterdir()) == []


def test_script_says_which_input_is_missing(tmp_path: Path) -> None:
    finished = make_genome("--survey", tmp_path / "nowhere.csv", "--out", tmp_path)

    assert finished.returncode == 1
    assert "nowhere.csv: cannot be read" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_genome_holds_every_scored_pair_of_a_bundled_movie_once_with_its_scaled_score() -> None:
    tags = {int(row["tagId"]): row["tag"] for row in rows_of(SAMPLE / "genome_tags.csv")}
    movie_ids = {row["movieId"] for row in rows_of(SAMPLE / "movies.csv")}
    survey = {
        (row["movieId"], row["tag"]): (float(row["mean_score"]) - 1) / 4
        for row in rows_of(SAMPLE / "source/survey_tag_relevance_aggregated.csv")
        if row["mean_score"] and row["movieId"] in movie_ids
    }
    genome = rows_of(SAMPLE / "genome_scores.csv")
    scores = {(row["movieId"], tags[int(row["tagId"])]): float(row["relevance"]) for row in genome}

    assert len(scores) == len(genome) == 39_185
    assert scores == pytest.approx(survey, abs=1e-9)
    assert all(0 <= score <= 1 for score in scores.values())
    assert list(tags) == list(range(1, 1_085))
    assert list(tags.values()) == sorted(set(tags.values()))
