"""Finding a table's file under its declared names, and hashing it."""

from pathlib import Path

import pytest

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.errors import DataError, MissingFileError
from recsys_core.reading import locate_table

RATINGS = MOVIELENS.table("ratings")
GENOME = MOVIELENS.table("genome_scores")


@pytest.mark.parametrize(
    "name",
    ["genome_scores.csv", "genome-scores.csv", "Genome_Score.TSV", "genome_scores.parquet", "genome_scores.csv.gz"],
)
def test_either_spelling_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert locate_table(tmp_path, GENOME) == tmp_path / name


def test_absent_optional_table_is_none(tmp_path: Path) -> None:
    assert locate_table(tmp_path, GENOME) is None


def test_absent_required_table_names_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"has no ratings\.csv.*it is empty"):
        locate_table(tmp_path, RATINGS)
    (tmp_path / "stars.csv").touch()
    (tmp_path / "movies.csv").touch()
    with pytest.raises(MissingFileError, match=r"it holds movies\.csv, stars\.csv; put the file there") as caught:
        locate_table(tmp_path, RATINGS)
    assert str(caught.value).endswith(f"; of other data, draft first what they are: recsys init-dataset {tmp_path}")


def test_absent_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="nowhere: no such folder"):
        locate_table(tmp_path / "nowhere", GENOME)


def test_two_files_for_one_table_are_refused(tmp_path: Path) -> None:
    (tmp_path / "genome_scores.csv").touch()
    (tmp_path / "genome-scores.csv").touch()
    with pytest.raises(DataError, match=r"genome-scores\.csv and genome_scores\.csv.*keep one"):
        locate_table(tmp_path, GENOME)
