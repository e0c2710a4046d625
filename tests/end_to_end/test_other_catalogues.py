"""Books, music and a shop, from a folder as it is to recommendations, with one drafted dataset.yaml each."""

import csv
from pathlib import Path
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from recsys_core.evaluation import EvaluationParameters, evaluate
from recsys_core.library import Dataset, Recommender
from serving.app import create_app
from serving.settings import ServingSettings
from tests.corpus.other_catalogues import CATALOGUES, ODD_IDS, artist, listener
from tests.end_to_end.calling import recsys
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("other_catalogues")]

_SMALL = "tuning: {als: {factors: 32, iterations: 8}}\nevaluation: {n_bootstrap: 200}\n"
_KINDS = {"books": "ratings", "music": "counts", "shop": "counts"}
_NAMES = {
    "books": ("book_ratings", "books"),
    "music": ("user_artists", "artists"),
    "shop": ("events", "items"),
}  # of interactions and items, after their files
_N_FEATURES = {"books": 16, "music": 16, "shop": 16 + 10}  # authors, styles, departments; a shop's prices are in tenths


@pytest.fixture(scope="module", params=CATALOGUES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue whose ``dataset.yaml`` was drafted; its name is that of the folder."""
    made = tmp_path_factory.mktemp("catalogue") / request.param
    made.mkdir()
    CATALOGUES[request.param](made)
    assert recsys("init-dataset", made).code == 0
    return made


def test_nothing_is_rejected_and_the_kind_of_feedback_is_found(folder: Path) -> None:
    found = recsys("check", folder, "--json").document

    assert found["status"] in ("ok", "warnings")
    assert (*found["tables"],)[:2] == _NAMES[folder.name]
    assert [table["rejected"] for table in found["tables"].values()] == [0] * 6
    n_features = _N_FEATURES[folder.name]
    assert (found["n_users"], found["n_items"], found["n_features"]["genre"]) == (2_000, 400, n_features)
    assert found["feedback"]["kind"] == _KINDS[folder.name]


def test_the_hybrid_beats_popularity_and_content_finds_what_was_planted(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(_SMALL, encoding="utf-8")

    said = recsys("evaluate", "--data", folder, "--config", tmp_path / "small.yaml", "--trials", "8", "--json")

    found = said.document
    ndcg = {model: values["ndcg@10"]["mean"] for model, values in found["models"].items()}
    assert ndcg["hybrid"] > 1.3 * ndcg["popularity"]
    assert ndcg["content"] > ndcg["popularity"]
    assert found["paired"]["hybrid_vs_popularity"]["ndcg@10"]["ci_low"] > 0


@pytest.mark.parametrize("folder", ["books", "shop"], indirect=True)
def test_content_helps_to_find_what_is_neither_popular_nor_rare(folder: Path) -> None:
    """Half of the people are tested: it is little, for most of what was planted is in the ratings, of music all."""
    split = Dataset.of(folder).split(test_share=0.5)
    model = Recommender.fit(split.train).bundle.model
    without = model.with_weights(model.weights.without("content"))

    found = evaluate(
        {"hybrid": model.score, "without_content": without.score},
        split.parts.test,
        split.parts.train,
        parameters=EvaluationParameters(positive_threshold=split.data.relevance.positive_threshold),
    )

    assert found.paired("hybrid", "without_content", "ndcg@10").difference > 0
    assert found.paired("hybrid", "without_content", "ndcg@10", slice_name="items_mid").ci_low > 0


@pytest.fixture
def home(folder: Path, tmp_path: Path) -> Path:
    """A home with a champion for the folder."""
    (tmp_path / "small.yaml").write_text(_SMALL, encoding="utf-8")
    made = tmp_path / "home"
    run = recsys("run", "--data", folder, "--home", made, "--config", tmp_path / "small.yaml", "--json").document
    assert (run["status"], run["verdict"]) == ("succeeded", "FIRST")
    assert (*run["rows"],)[:2] == _NAMES[folder.name]
    assert {*_NAMES[folder.name], *(f"raw_{name}" for name in _NAMES[folder.name])} < run["made"].keys()
    assert not {"movies", "raw_movies", "ratings", "raw_ratings"} & run["made"].keys()
    assert run["made"].keys() == run["seconds"]["assets"].keys(), "Dagster's names are the same"
    return made


@pytest.mark.parametrize(
    ("folder", "user", "first", "title"),
    [("shop", "-5000", 2**40, "Thing "), ("books", "1", 5000, "Träume, Teil ")],
    indirect=["folder"],
)
def test_a_catalogue_gets_a_model_that_recommends_its_own(home: Path, user: str, first: int, title: str) -> None:
    answer = recsys("recommend", "--home", home, "--user", user, "-k", "3", "--explain", "--json").document

    assert answer["path"] == "warm"
    assert all(first <= item["movie_id"] < first + 400 for item in answer["items"])
    assert all(item["title"].startswith(title) for item in answer["items"])


@pytest.mark.parametrize("folder", ["music"], indirect=True)
def test_texts_of_any_kind_are_ids_from_the_files_to_the_api_and_back(folder: Path, home: Path, tmp_path: Path) -> None:
    people, artists = {listener(user) for user in range(2_000)}, {artist(item) for item in range(400)}
    (stored,) = home.glob("**/recommendations.parquet")
    table = pq.read_table(stored)
    assert set(table["user_id"].to_pylist()) == people
    assert set(table["movie_id"].to_pylist()) <= artists

    said = recsys("recommend", "--home", home, "--user", "..", "-k", "5", "--json").document
    assert (said["user_id"], said["path"]) == ("..", "warm")
    for_liked = recsys("recommend", "--home", home, "--liked", '["a/b", "ä, ö"]', "-k", "5", "--json").document
    assert for_liked["path"] == "folded_in"
    assert "no title 8, 8.5 in the catalogue" in recsys("recommend", "--home", home, "--liked", "8,8.5").err

    with TestClient(create_app(ServingSettings(home=home))) as client:
        wait_until(lambda: client.get("/ready").status_code == 200, seconds=60)
        for person in ODD_IDS:
            answer = client.get(f"/recommendations/{encoded(person)}").json()
            assert (answer["user_id"], answer["path"]) == (person, "warm"), answer
            assert client.get(f"/users/{encoded(person)}").json()["known"]
        for title in ODD_IDS:
            assert client.get(f"/movies/{encoded(title)}").json()["movie_id"] == title
            assert client.get(f"/movies/{encoded(title)}/similar?k=3").json()["movie"]["movie_id"] == title
        assert client.get("/recommendations/nobody%20known").json()["path"] == "cold"
        rated = {"user_id": " a", "events": [{"kind": "rating", "movie_id": "007", "rating": 3.0}]}
        assert client.post("/feedback", json=rated).json() == {"accepted": 1}
        assert client.post("/recommendations", json={"liked": ["a/b", " a"], "k": 3}).json()["path"] == "folded_in"
        assert client.post("/recommendations", json={"liked": ["8"]}).status_code == 422

    assert recsys("feedback", "export", "--out", tmp_path / "new.csv", "--home", home).code == 0
    rows = list(csv.reader((tmp_path / "new.csv").read_text(encoding="utf-8").splitlines()))
    assert [row[:3] for row in rows[1:]] == [[" a", "007", "3.0"]]


def encoded(name: str) -> str:
    """As a part of an address; clients take dots for a way up."""
    return "%2E%2E" if name == ".." else quote(name, safe="")
