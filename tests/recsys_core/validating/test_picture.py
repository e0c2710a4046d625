"""The picture of a folder: everything is told at once, whatever is wrong with one table."""

import json
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from recsys_core.dataset.declaration import dataset_in
from recsys_core.dataset.relevance import RelevanceParameters
from recsys_core.errors import MissingFileError
from recsys_core.features import FeatureParameters
from recsys_core.validating import RejectLimits
from recsys_core.validating.picture import Picture, picture_of
from tests.corpus.healthy_folder import HEALTHY_ROWS, N_USERS, edit_lines, lines_of, write_healthy_folder

pytestmark = pytest.mark.xdist_group("great_expectations")

NOW = 1_700_000_000


def _or_null(kind: str) -> dict[str, Any]:
    return {"type": [kind, "null"]}


def _an_object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def _a_pair(kind: str) -> dict[str, Any]:
    return {"type": ["array", "null"], "items": {"type": kind}, "minItems": 2, "maxItems": 2}


_TABLE = _an_object(
    file=_or_null("string"),
    **{name: {"type": ["integer", "null"], "minimum": 0} for name in ("in", "accepted", "rejected")},
)
SCHEMA = _an_object(
    status={"enum": ["ok", "warnings", "refused"]},
    tables={"type": "object", "additionalProperties": _TABLE, "minProperties": 6, "maxProperties": 6},
    feedback=_an_object(kind={"enum": ["ratings", "counts", "events"]}, scale=_a_pair("number")),
    n_users=_or_null("integer"),
    n_items=_or_null("integer"),
    n_features={"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}},
    years=_a_pair("integer"),
    findings={
        "type": "array",
        "items": _an_object(
            severity={"enum": ["error", "warning"]},
            table=_or_null("string"),
            column=_or_null("string"),
            kind={"type": "string", "pattern": "^[a-z_]+$"},
            count=_or_null("integer"),
            message={"type": "string", "minLength": 1},
        ),
    },
    unused_files={"type": "array", "items": {"type": "string"}},
)


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, which other tests at the same time do not share."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    return tmp_path / "scratch"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_healthy_folder(tmp_path / "data")
    return tmp_path / "data"


def _picture(folder: Path, *, positive_threshold: float | None = None) -> Picture:
    """The picture, whose document is always whole, and of which nothing stays behind."""
    dataset = dataset_in(folder)
    if positive_threshold is not None:
        dataset = replace(dataset, relevance=RelevanceParameters(positive_threshold=positive_threshold))
    picture = picture_of(folder, dataset, now=NOW, limits=RejectLimits(), features=FeatureParameters())
    assert [*Path(tempfile.gettempdir()).iterdir()] == []
    document = json.loads(json.dumps(picture.as_dict(), allow_nan=False))
    assert document == picture.as_dict()
    jsonschema.validate(document, SCHEMA)
    return picture


def _edit(path: Path, changes: dict[int, str]) -> None:
    """Other text on some lines; the header is line 1."""
    edit_lines(path, [changes.get(number, line) for number, line in enumerate(lines_of(path), 1)])


def _found(picture: Picture) -> list[tuple[str, str | None, str | None, str, int | None]]:
    return [(f.severity, f.table, f.column, f.kind, f.count) for f in picture.findings]


def test_a_healthy_folder_has_no_finding_and_its_figures(folder: Path) -> None:
    picture = _picture(folder)

    document = picture.as_dict()
    assert document["status"] == "ok"
    assert document["findings"] == document["unused_files"] == []
    for name, n_rows in HEALTHY_ROWS.items():
        counts = {"file": f"{name}.csv", "in": n_rows, "accepted": n_rows, "rejected": 0}
        assert document["tables"][name] == counts
    assert (document["n_users"], document["n_items"]) == (N_USERS, 40)
    assert document["years"] == [1980, 2019]
    assert document["n_features"]["genre"] == 4
    assert set(document["n_features"]) == {"genre", "decade", "title", "tags", "genome"}
    ratings = [float(line.split(",")[2]) for line in lines_of(folder / "ratings.csv")[1:]]
    assert document["feedback"] == {"kind": "ratings", "scale": [min(ratings), max(ratings)]}
    assert picture.n_relevant == sum(rating >= 4 for rating in ratings)
    assert picture.density == pytest.approx(615 / (N_USERS * 40))
    moments = [int(line.split(",")[3]) for line in lines_of(folder / "ratings.csv")[1:]]
    assert picture.times == (min(moments), max(moments))


def test_rejected_rows_emptied_cells_and_what_is_unused_are_warnings(folder: Path) -> None:
    _edit(folder / "ratings.csv", {2: "1,101,9.0,1500000000", 3: "1,104,4.0"})
    _edit(folder / "links.csv", {2: "101,0000101,-5"})
    header, *movies = lines_of(folder / "movies.csv")
    edit_lines(folder / "movies.csv", [f"{header},budget", *(f"{line},7" for line in movies)])
    for name in ("posters", "old", "source"):
        (folder / name).mkdir()
    for name in ("ratings_old.csv.bak", "README.md", "Licence.txt", "make.py", ".hidden", "old/part-0.csv"):
        (folder / name).touch()
    for name in ("LICENSE.txt", "survey.csv"):
        (folder / "source" / name).touch()

    picture = _picture(folder)

    assert picture.status == "warnings"
    assert sorted(_found(picture), key=str) == [
        ("warning", "links", "tmdb_id", "cells_emptied", 1),
        ("warning", "movies", "budget", "column_unused", 40),
        ("warning", "ratings", "rating", "rejected", 1),
        ("warning", "ratings", None, "rejected", 1),
        ("warning", None, None, "file_unused", None),
        ("warning", None, None, "file_unused", None),
    ]
    assert picture.unused_files == ("old/", "ratings_old.csv.bak")
    messages = " ".join(finding.message for finding in picture.findings)
    assert "rating 9.0 is not on the scale 0.5 to 5.0 by 0.5 (line 2)" in messages
    assert "too few columns" in messages


def test_columns_and_tables_that_are_not_there(folder: Path) -> None:
    edit_lines(folder / "ratings.csv", [line.rsplit(",", 1)[0] for line in lines_of(folder / "ratings.csv")])
    for name in ("links", "tags", "genome_scores", "genome_tags"):
        (folder / f"{name}.csv").unlink()
    edit_lines(folder / "movies.csv", [re.sub(r" \(\d+\)", "", line) for line in lines_of(folder / "movies.csv")])

    picture = _picture(folder)

    assert ("warning", "ratings", "timestamp", "column_absent", 615) in _found(picture)
    assert ("warning", "movies", "year", "no_years", 40) in _found(picture)
    assert picture.as_dict()["tables"]["tags"] == {"file": None, "in": 0, "accepted": 0, "rejected": 0}
    assert (picture.times, picture.years) == (None, None)
    assert set(picture.n_features) == {"genre", "title"}


def test_a_refused_table_stops_the_picture_of_no_other(folder: Path) -> None:
    (folder / "movies.csv").unlink()
    (folder / "tags.csv").write_bytes(b"a,b\n1,2\n")
    (folder / "genome-tags.csv").write_bytes((folder / "genome_tags.csv").read_bytes())

    picture = _picture(folder)

    assert picture.status == "refused"
    assert [(table, kind) for _, table, _, kind, _ in _found(picture) if kind != "file_unused"] == [
        ("movies", "missing_file"),
        ("tags", "malformed_file"),
        ("genome_tags", "several_files"),
    ]
    tables = picture.as_dict()["tables"]
    assert tables["movies"] == tables["genome_tags"] == {"file": None, "in": None, "accepted": None, "rejected": None}
    assert tables["tags"]["file"] == "tags.csv"
    assert tables["ratings"]["accepted"] == 615, "without its reference"
    assert tables["genome_scores"]["accepted"] == HEALTHY_ROWS["genome_scores"]
    assert (picture.n_users, picture.n_items, picture.years, picture.n_features) == (N_USERS, None, None, {})


def test_a_refused_table_takes_no_row_of_another_along(folder: Path) -> None:
    _edit(folder / "movies.csv", {number: f"{number},," for number in range(2, 10)})

    picture = _picture(folder)

    assert [finding.table for finding in picture.findings if finding.severity == "error"] == ["movies"]
    assert picture.tables["movies"].n_rejected == 8
    assert picture.tables["ratings"].n_rejected == 0
    assert [finding.severity for finding in picture.findings] == ["error", "warning"], "errors first"


def test_an_unknown_title_is_told_where_the_titles_can_be_used(folder: Path) -> None:
    _edit(folder / "ratings.csv", {2: "1,999,4.0,1500000000"})

    (finding,) = _picture(folder).findings

    assert (finding.column, finding.kind, finding.count) == ("item_id", "rejected", 1)
    assert "999 is not known in movies" in finding.message


def _rated(folder: Path, rating: str, time: str = "1500000000") -> None:
    """Another rating in every row."""
    header, *rows = lines_of(folder / "ratings.csv")
    edit_lines(folder / "ratings.csv", [header, *(",".join([*row.split(",")[:2], rating, time]) for row in rows)])


def test_milliseconds_are_called_so(folder: Path) -> None:
    _rated(folder, "4.0", "1500000000000")

    picture = _picture(folder)

    assert _found(picture)[0] == ("error", "ratings", None, "milliseconds", 615)
    assert (picture.scale, picture.n_users, picture.n_relevant) == (None, 0, None)


def test_no_rating_that_counts_as_liked_is_an_error_that_says_what_to_do(folder: Path) -> None:
    _rated(folder, "1.0")

    picture = _picture(folder)

    (finding,) = picture.findings
    assert _found(picture) == [("error", "ratings", "rating", "no_relevant_rating", 615)]
    for words in ("highest rating is 1:", "relevance.positive_threshold = 4", "feedback: {kind: events}"):
        assert words in finding.message
    assert (picture.scale, picture.n_relevant) == ((1.0, 1.0), 0)
    assert _picture(folder, positive_threshold=1.0).status == "ok"


_EVENTS = """
name: watched
feedback: {kind: events}
interactions: {file: ratings.csv, columns: {item_id: movieId}}
items: {file: movies.csv, columns: {item_id: movieId}}
"""


def test_events_need_no_rating_and_all_are_relevant(folder: Path) -> None:
    cells = [line.split(",") for line in lines_of(folder / "ratings.csv")]
    edit_lines(folder / "ratings.csv", [f"{user},{item},{time}" for user, item, _, time in cells])
    (folder / "dataset.yaml").write_text(_EVENTS)

    picture = _picture(folder)

    assert {finding.kind for finding in picture.findings} == {"file_unused"}
    assert "dataset.yaml" not in picture.unused_files
    assert picture.as_dict()["feedback"] == {"kind": "events", "scale": None}
    assert picture.n_relevant == 615
    refused = _picture(folder, positive_threshold=2.0)
    assert _found(refused)[0][3] == "no_relevant_rating"
    assert "kind: events" not in refused.findings[0].message, "they are"


def test_what_is_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="nowhere is not there"):
        _picture(tmp_path / "nowhere")


def test_files_of_a_pattern_are_all_used(folder: Path) -> None:
    text = "name: log\nfeedback: {kind: events}\ninteractions: {file: 'r*.csv', columns: {item_id: movieId}}\n"
    (folder / "dataset.yaml").write_text(text)
    shutil.copy(folder / "ratings.csv", folder / "rows.csv")

    picture = _picture(folder)

    assert picture.tables["interactions"].n_in == 2 * HEALTHY_ROWS["ratings"]
    assert not {"ratings.csv", "rows.csv"} & {*picture.unused_files}


def test_items_that_interactions_name_are_told_and_nothing_else_is_missed(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name != "ratings.csv":
            path.unlink()
    text = (
        "name: log\nfeedback: {kind: ratings, scale: [0.5, 5], step: 0.5}\ninteractions: {file: ratings.csv, columns: "
    )
    (folder / "dataset.yaml").write_text(text + "{item_id: movieId}}\n")

    picture = _picture(folder)

    assert [(finding.table, finding.kind) for finding in picture.findings] == [("items", "items_gathered")]
    assert (
        picture.n_items
        == picture.tables["items"].n_in
        == len({line.split(",")[1] for line in lines_of(folder / "ratings.csv")[1:]})
    )
    assert picture.n_features == {}


_UNRATED = """name: shelf
feedback: {scale: [1, 5], step: 1, unrated: 0}
interactions: {file: ratings.csv}
"""


def _shelf(folder: Path, ratings: tuple[float, ...], declared: str = _UNRATED) -> Path:
    """A folder of interactions alone; every sixth person met the same title."""
    folder.mkdir()
    (folder / "dataset.yaml").write_text(declared, encoding="utf-8")
    rows = (f"{number % 6},{number // 6},{rating}\n" for number, rating in enumerate(ratings))
    (folder / "ratings.csv").write_text("userId,movieId,rating\n" + "".join(rows), encoding="utf-8")
    return folder


def test_rows_without_a_rating_are_left_out_and_no_fault_of_the_file(tmp_path: Path) -> None:
    picture = _picture(_shelf(tmp_path / "shelf", (0, 0, 0, 5, 4, 0, 1, 0, 0, 0)))
    assert picture.status == "warnings"
    assert picture.scale == (1.0, 5.0)
    assert picture.tables["interactions"].as_dict() == {"file": "ratings.csv", "in": 10, "accepted": 3, "rejected": 7}
    (finding,) = (finding for finding in picture.findings if finding.kind == "unrated")
    assert (finding.column, finding.count) == ("rating", 7)
    assert finding.message.startswith("interactions (ratings.csv): 7 rows left out: rating 0.0 stands for no rating")


def test_faults_are_a_share_of_the_rows_that_have_a_rating(tmp_path: Path) -> None:
    picture = _picture(_shelf(tmp_path / "shelf", (0,) * 92 + (5, 9, 4, 8, 3, 9, 5, 8)))
    (error,) = (finding for finding in picture.findings if finding.severity == "error")
    assert (error.kind, error.count) == ("other_scale", 4)
    assert "4 of 8 rows rejected (50.0%)" in error.message


def test_many_rows_of_one_number_beside_the_scale_may_be_without_a_rating(tmp_path: Path) -> None:
    declared = _UNRATED.replace(", unrated: 0", "")
    picture = _picture(_shelf(tmp_path / "shelf", (0, 0, 0, 5, 4, 0, 1, 0, 0, 0), declared))
    (error,) = (finding for finding in picture.findings if finding.severity == "error")
    assert error.kind == "no_rating"
    assert "if it stands for no rating, declare feedback: {unrated: 0} in dataset.yaml" in error.message


def test_what_hardly_is_what_it_is_taken_for_is_told(tmp_path: Path) -> None:
    folder = _shelf(tmp_path / "shelf", ())
    rows = "".join(f"{number},{number % 5},4,{number}\n" for number in range(40))
    (folder / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\n{rows}")
    picture = _picture(folder)
    assert picture.status == "warnings"
    assert {("user_id", "never_again", 40), ("timestamp", "times_early", 40)} <= {
        (finding.column, finding.kind, finding.count) for finding in picture.findings
    }


def test_commas_between_thousands_are_no_decimal_commas(tmp_path: Path) -> None:
    declared = "name: plays\nfeedback: {kind: counts, scale: [0, 9]}\ninteractions: {file: ratings.csv}\n"
    folder = _shelf(tmp_path / "shelf", (), declared)
    rows = "".join(f'{number % 6},{number % 5},"{number},096"\n' for number in range(1, 40))
    (folder / "ratings.csv").write_text(f"userId,movieId,rating\n{rows}")
    (error,) = (finding for finding in _picture(folder).findings if finding.severity == "error")
    assert error.kind == "thousands"


@pytest.mark.parametrize("content", ["1,11,111\n2,22,222\n", "movieId,imdbId,tmdbId\n" + "none,1,1\n" * 40])
def test_links_that_cannot_be_used_are_left_out(folder: Path, content: str) -> None:
    (folder / "links.csv").write_text(content, encoding="utf-8")
    picture = _picture(folder)
    assert picture.status == "warnings"
    assert picture.tables["links"].n_accepted == 0
    (left_out,) = (finding for finding in picture.findings if finding.kind == "left_out")
    assert left_out.message.endswith("The table is left out: nothing is learnt of it")


def test_a_year_that_can_be_none_is_told_and_counts_for_none(folder: Path) -> None:
    _edit(folder / "movies.csv", {2: '101,"Movie 00, The (9999)",Drama'})
    picture = _picture(folder)
    assert picture.years is not None
    assert picture.years[1] < 2100
    assert [(finding.kind, finding.count) for finding in picture.findings] == [("years_implausible", 1)]


@pytest.mark.parametrize("written", ["NaN", "\\N", "", "0", "-1"])
def test_times_that_are_none_throughout_are_no_times(folder: Path, written: str) -> None:
    edit_lines(
        folder / "ratings.csv",
        [
            line if not number else f"{line.rpartition(',')[0]},{written}"
            for number, line in enumerate(lines_of(folder / "ratings.csv"))
        ],
    )
    picture = _picture(folder)
    assert not [finding for finding in picture.findings if finding.severity == "error"]
    assert picture.times is None
    assert picture.n_accepted == HEALTHY_ROWS["ratings"]


def test_rows_without_a_time_are_kept_and_told(folder: Path) -> None:
    lines = lines_of(folder / "ratings.csv")
    _edit(folder / "ratings.csv", {number: f"{lines[number - 1].rpartition(',')[0]},NaN" for number in range(2, 122)})
    picture = _picture(folder)
    assert picture.n_accepted == HEALTHY_ROWS["ratings"]
    assert _found(picture) == [("warning", "ratings", "timestamp", "times_missing", 120)]


def test_ratings_that_are_missing_are_no_other_scale(tmp_path: Path) -> None:
    picture = _picture(_shelf(tmp_path / "shelf", (float("nan"),) * 30 + (5, 4) * 6))
    (error,) = (finding for finding in picture.findings if finding.severity == "error")
    assert error.kind == "no_numbers"
    assert "say which column has the ratings" in error.message


def test_titles_that_are_not_utf_8_have_a_remedy(folder: Path) -> None:
    text = (folder / "movies.csv").read_text(encoding="utf-8").replace("Movie", "Träume")
    (folder / "movies.csv").write_bytes(text.encode("latin-1"))
    (error,) = (finding for finding in _picture(folder).findings if finding.severity == "error")
    assert error.kind == "encoding"
    assert "declare format: {encoding: latin-1}" in error.message
