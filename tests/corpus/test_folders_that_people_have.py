"""Small folders in the shape of public files: each is read as a person would, or refused with what is behind it."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from recsys_core.dataset.declaration import DATASET_FILE, dataset_in
from recsys_core.errors import DataError
from recsys_core.validating import RejectLimits, clean_folder

pytestmark = pytest.mark.xdist_group("great_expectations")

NOW = 1_767_225_600  # 2026-01-01
MOVIES = "movieId,title,genres\n1,Toy Story (1995),Adventure|Comedy\n2,Heat (1995),Action\n3,Jumanji (1995),Drama\n"
RATINGS = "userId,movieId,rating,timestamp\n" + "".join(
    f"{user},{movie},{1 + (user + movie) % 5}.0,{978_300_760 + user}\n" for user in (1, 2, 3) for movie in (1, 2, 3)
)
SCALE = "name: films\nfeedback: {kind: ratings, scale: [1, 10], step: 1}\ninteractions: {file: ratings.csv%s}\nitems: {file: movies.csv}\nrelevance: {positive_threshold: 4}\n"  # noqa: E501


def replaced(column: int, value: str) -> str:
    """The ratings with every value of a column written as ``value``, of {} (what it was) and {n}, its whole part."""
    header, *rows = RATINGS.splitlines()
    cells = [row.split(",") for row in rows]
    for row in cells:
        row[column] = value.format(row[column], n=int(float(row[column])))
    return "\n".join([header, *(",".join(row) for row in cells), ""])


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, content in {"movies.csv": MOVIES, "ratings.csv": RATINGS, **files}.items():
        if name == "ratings.csv" and any(other.startswith("ratings.csv/") for other in files):
            continue
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder / "data"


def clean(folder: Path, files: Mapping[str, str]) -> None:
    data = write(folder, files)
    clean_folder(data, dataset_in(data), folder, now=NOW, limits=RejectLimits())


READ: dict[str, tuple[dict[str, str], str, str, list[object]]] = {
    "empty genres": ({"movies.csv": MOVIES.replace("Action", "")}, "movies", "genres", ["Adventure|Comedy", None, "Drama"]),  # noqa: E501
    "genres as objects": (
        {"movies.csv": MOVIES.replace("Action", "\"[{'id': 28, 'name': 'Action'}, {'id': 80, 'name': 'Crime'}]\"")},
        "movies",
        "genres",
        ["Adventure|Comedy", "Action|Crime", "Drama"],
    ),
    "names in snake case": (
        {"ratings.csv": RATINGS.replace("userId,movieId", "user_id,movie_id")}, "ratings", "user_id", [1] * 3 + [2] * 3 + [3] * 3  # noqa: E501
    ),
    "IMDb ids as fractions": (
        {"links.csv": "movieId,imdbId,tmdbId\n1,114709.0,862.0\n2,tt0113277,949\n"}, "links", "imdb_id", ["114709", "0113277"]  # noqa: E501
    ),
    "words for no link": (
        {"links.csv": "movieId,imdbId,tmdbId\n1,0114709,NaN\n2,0113277,\\N\n3,0113497,0\n"}, "links", "tmdb_id", [None] * 3  # noqa: E501
    ),
    "no times": (
        {"ratings.csv": "\n".join(row.rpartition(",")[0] for row in RATINGS.splitlines())}, "ratings", "timestamp", [None] * 9  # noqa: E501
    ),
    "Spark's folder": (
        {"ratings.csv/_SUCCESS": "", "ratings.csv/part-00000-x.csv": RATINGS}, "ratings", "item_id", [1, 2, 3] * 3
    ),
    "line break in a title": (
        {"movies.csv": MOVIES.replace("Heat (1995)", '"Heat,\nor not (1995)"')},
        "movies", "title", ["Toy Story (1995)", "Heat, or not (1995)", "Jumanji (1995)"],
    ),
    "year in a column": (
        {"movies.csv": "movieId,title,genres,year\n1,Toy Story,Drama,1995\n2,Heat,Crime,1995.0\n3,Jumanji,War,\n"},
        "movies", "year", [1995, 1995, None],
    ),
    "declared scale": (
        {"ratings.csv": replaced(2, "{n}").replace(",5,9", ",10,9"), DATASET_FILE: SCALE % ""},
        "ratings", "rating", [3.0, 4, 10, 4, 10, 1, 10, 1, 2],
    ),
    "declared milliseconds": (
        {"ratings.csv": replaced(3, "{}123"), DATASET_FILE: SCALE % ", time: milliseconds"},
        "ratings", "timestamp", [978_300_761] * 3 + [978_300_762] * 3 + [978_300_763] * 3,
    ),
    "64-bit ids": (
        {"ratings.csv": replaced(0, "7656119797098247{}")},
        "ratings", "user_id", [int(f"7656119797098247{row.split(',')[0]}") for row in RATINGS.splitlines()[1:]],
    ),
    "ids from 0": ({"ratings.csv": RATINGS.replace("\n1,", "\n0,")}, "ratings", "user_id",
                   [int(row.split(",")[0]) * (row[:2] != "1,") for row in RATINGS.splitlines()[1:]]),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_is_read(tmp_path: Path, name: str) -> None:
    files, table, column, values = READ[name]
    clean(tmp_path, files)
    assert pq.read_table(tmp_path / "validated" / table / "rows.parquet")[column].to_pylist() == values
    for rejected in tmp_path.glob("validated/*/rejected.parquet"):
        assert pq.read_metadata(rejected).num_rows == 0


REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "Git LFS pointer": ({"ratings.csv": "version https://git-lfs.github.com/spec/v1\noid sha256:4d\n"}, "run git lfs pull"),  # noqa: E501
    "no header": ({"movies.csv": MOVIES.partition("\n")[2]}, "the first line seems to be data: add a header line"),
    "text ids": ({"ratings.csv": replaced(0, "A{}XY")}, "The ids in userId are text"),
    "every rating is 1": ({"ratings.csv": replaced(2, "1")}, r"the highest rating is 1: .* declare feedback: \{kind: events\}"),  # noqa: E501
    "scale of 1 to 10": ({"ratings.csv": replaced(2, "1{n}")}, "rating goes up to 15, .* declare it in dataset.yaml"),
    "steps of a tenth": ({"ratings.csv": replaced(2, "{n}.1")}, "rating goes up to 5.1|that the scale from 0.5 to 5 has not"),  # noqa: E501
    "milliseconds": ({"ratings.csv": replaced(3, "{}000")}, "The times in timestamp are milliseconds: divide them by 1000"),  # noqa: E501
    "microseconds": ({"ratings.csv": replaced(3, "{}000000")}, "are microseconds"),
    "decimal commas": ({"ratings.csv": replaced(2, '"{n},5"')}, "decimal commas: write them with points"),
    "words for ratings": ({"ratings.csv": replaced(2, "good")}, "Mend the file"),
    "Spark's escapes": (
        {"movies.csv": "movieId,title,genres\n" + "".join(f'{n},"The \\"Best\\", {n}",Drama\n' for n in (1, 2, 3))},
        "Quotation marks are written as",
    ),
    "commas that are not quoted": ({"movies.csv": MOVIES.replace(" (", ", The (")}, "another number of columns"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_with_what_is_behind_it(tmp_path: Path, name: str) -> None:
    files, message = REFUSED[name]
    with pytest.raises(DataError, match=message) as caught:
        clean(tmp_path, files)
    assert "max_rejected_share" not in str(caught.value)
