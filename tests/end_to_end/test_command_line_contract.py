"""What other programs rely on: the JSON documents and exit codes of `recsys`, key by key."""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.healthy_folder import MOVIE_IDS, N_USERS
from tests.end_to_end.calling import Said, change_one_rating, clean_environment, recsys

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("command_line")]


class Place:
    """A data folder, a home in which the pipeline was run on it, and the configuration used with them."""

    def __init__(self, folder: Path) -> None:
        self.data, self.home, self.config = folder / "data", folder / "home", folder / "small.yaml"

    def run(self, *more: str) -> Said:
        return recsys("run", "--data", self.data, "--home", self.home, "--config", self.config, "--json", *more)

    def call(self, *arguments: str) -> Said:
        return recsys(*arguments, "--home", self.home, "--json")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, made_home: Path) -> Place:
    folder = tmp_path_factory.mktemp("place")
    shutil.copytree(made_home, folder, dirs_exist_ok=True)
    return Place(folder)


@pytest.fixture(scope="module")
def first(place: Place) -> dict[str, Any]:
    """What is said of the run that is in the home; that the home was moved is said here, too."""
    said = place.run()
    assert (said.code, said.document["made"]) == (0, {})
    return said.document


@pytest.fixture(scope="module")
def after_a_change(place: Place, first: dict[str, Any]) -> dict[str, Any]:
    """The run after one rating changed: two versions are registered from here on."""
    change_one_rating(place.data)
    said = place.run()
    assert (said.code, said.err) == (0, "")
    return said.document


def test_champion_recommends_to_a_known_person_with_sources_that_add_up(place: Place, first) -> None:
    said = place.call("recommend", "--user", "3", "-k", "5", "--explain")

    assert (said.code, said.err) == (0, "")
    answer = said.document
    assert list(answer) == ["user_id", "model_version", "path", "items"]
    assert (answer["user_id"], answer["model_version"], answer["path"]) == (3, first["model_version"], "warm")
    assert [item["rank"] for item in answer["items"]] == [1, 2, 3, 4, 5]
    rated = {int(row.split(",")[1]) for row in (place.data / "ratings.csv").read_text().split() if row[:2] == "3,"}
    for item in answer["items"]:
        assert set(item) == {"rank", "movie_id", "item_id", "title", "score", "new", "sources", "terms", "because"}
        assert {"collaborative", "content"} <= set(item["sources"])
        assert math.fsum(item["sources"].values()) == pytest.approx(item["score"], abs=1e-5)
        assert math.fsum(item["terms"].values()) == pytest.approx(item["score"], abs=1e-5)
        assert item["movie_id"] in set(MOVIE_IDS) - rated
        for reason in item["because"]:
            assert set(reason) == {"movie_id", "item_id", "title", "contribution"}
            assert reason["movie_id"] in rated
    scores = [item["score"] for item in answer["items"]]
    assert scores == sorted(scores, reverse=True)


def test_an_unknown_person_gets_what_suits_newcomers(place: Place, first) -> None:
    answer = place.call("recommend", "--user", str(N_USERS + 900), "-k", "4").document

    assert (answer["user_id"], answer["path"], len(answer["items"])) == (N_USERS + 900, "cold", 4)
    assert set(answer["items"][0]) >= {"rank", "movie_id", "title", "score"}


def test_liked_titles_are_folded_in(place: Place, first) -> None:
    liked = [MOVIE_IDS[0], MOVIE_IDS[2]]

    answer = place.call("recommend", "--liked", ",".join(map(str, liked)), "-k", "3", "--explain").document

    assert (answer["user_id"], answer["path"], len(answer["items"])) == (None, "folded_in", 3)
    assert not {item["movie_id"] for item in answer["items"]} & set(liked)
    for item in answer["items"]:
        assert math.fsum(item["sources"].values()) == pytest.approx(item["score"], abs=1e-5)
        assert {reason["movie_id"] for reason in item["because"]} <= set(liked)


@pytest.mark.parametrize("model", ["als", "ease", "content"])
def test_a_single_model_can_be_asked(place: Place, first, model: str) -> None:
    answer = place.call("recommend", "--user", "3", "-k", "3", "--model", model).document

    assert len(answer["items"]) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["recommend", "--liked", "999999"], "999999"),
        (["recommend", "--user", "1", "--version", "77"], "no version or alias '77'"),
        (["promote", "77"], "no version or alias '77'"),
        (["rollback"], "previous"),
    ],
)
def test_what_is_not_there_is_one_line_and_exit_code_1(place: Place, first, arguments: list[str], words: str) -> None:
    said = place.call(*arguments)

    assert said.code == 1
    assert said.err.startswith("recsys: ")
    assert said.err.count("\n") == 1
    assert words in said.err
    assert said.document["status"] == "failed"


def test_one_changed_rating_trains_anew_and_says_why(first, after_a_change) -> None:
    assert (after_a_change["status"], after_a_change["model_version"]) == ("succeeded", "2")
    assert after_a_change["verdict"] in ("PROMOTED", "KEPT", "SUSPICIOUS")
    assert after_a_change["data_fingerprint"] != first["data_fingerprint"]
    assert {"raw_ratings", "ratings", "split", "als_model", "hybrid_model", "release_model"} <= set(
        after_a_change["made"]
    )
    assert not {"raw_movies", "movies", "genome_tags"} & set(after_a_change["made"])
    (why,) = after_a_change["made"]["raw_ratings"]
    assert why.startswith("ratings.csv changed (SHA-256 ")


def test_models_are_listed_promoted_and_rolled_back(place: Place, after_a_change) -> None:
    before = place.call("models").document
    assert list(before) == ["models"]
    assert [entry["version"] for entry in before["models"]] == ["2", "1"]
    for entry in before["models"]:
        assert set(entry) == {"version", "aliases", "created_at", "verdict", "metrics"}
        assert entry["metrics"]["hybrid"]["ndcg@10"] >= 0
    assert before["models"][1]["verdict"] == "FIRST"

    champion = next(entry["version"] for entry in before["models"] if "champion" in entry["aliases"])
    other = "2" if champion == "1" else "1"
    promoted = place.call("promote", other, "--reason", "a test")
    assert (promoted.code, promoted.document["after"]["champion"]) == (0, other)
    assert promoted.document["after"]["previous_champion"] == champion
    assert place.call("recommend", "--user", "3").document["model_version"] == other

    back = place.call("rollback")
    assert (back.code, back.document["after"]["champion"]) == (0, champion)
    aliases = {entry["version"]: entry["aliases"] for entry in place.call("models").document["models"]}
    assert "champion" in aliases[champion]
    assert "previous_champion" in aliases[other]


@pytest.mark.parametrize("arguments", [["recommend", "--user", "3", "--explain"], ["check-home"]])
def test_a_new_interpreter_says_the_same(place: Place, after_a_change, arguments: list[str]) -> None:
    """Elsewhere commands are forked from a process that has imported more than they import themselves."""
    command = [sys.executable, "-m", "pipelines.cli", *arguments, "--home", str(place.home), "--json"]
    said = subprocess.check_output(command, env=clean_environment(), stderr=subprocess.STDOUT, timeout=280)
    assert json.loads(said) == place.call(*arguments).document


def test_a_home_that_was_moved_is_read_where_it_is_now(place: Place, after_a_change, tmp_path: Path) -> None:
    """A part of it is enough for the data; whole homes are moved in test_moved_homes.py."""
    shutil.copytree(place.home / "store", tmp_path / "moved" / "store")

    said = recsys(
        *(
            "run",
            "--only",
            "data",
            "--data",
            place.data,
            "--home",
            tmp_path / "moved",
            "--config",
            place.config,
            "--json",
        )
    )

    assert (said.code, said.document["made"]) == (0, {})
    assert "model_version" not in said.document


def test_for_a_person_the_same_is_said_in_words(place: Place, after_a_change) -> None:
    said = recsys("run", "--data", place.data, "--home", place.home, "--config", place.config)

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("Everything is up to date")
    assert "hybrid-recommender version 2: " in said.out
    recommended = recsys("recommend", "--user", "3", "-k", "2", "--explain", "--home", place.home)
    assert "from this person's ratings" in recommended.out
    assert "because of" in recommended.out
