"""Books, music and a shop, from a folder as it is to recommendations, with one drafted dataset.yaml each."""

from pathlib import Path

import pytest

from tests.corpus.other_catalogues import CATALOGUES
from tests.end_to_end.calling import recsys

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("other_catalogues")]

_SMALL = "tuning: {als: {factors: 32, iterations: 8}}\nevaluation: {n_bootstrap: 200}\n"
_KINDS = {"books": "ratings", "music": "counts", "shop": "events"}


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
    assert [table["rejected"] for table in found["tables"].values()] == [0] * 6
    assert (found["n_users"], found["n_items"], found["n_features"]["genre"]) == (2_000, 400, 16)
    assert found["feedback"]["kind"] == _KINDS[folder.name]


def test_the_hybrid_beats_popularity_and_content_finds_what_was_planted(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(_SMALL, encoding="utf-8")

    said = recsys("evaluate", "--data", folder, "--config", tmp_path / "small.yaml", "--trials", "8", "--json")

    found = said.document
    ndcg = {model: values["ndcg@10"]["mean"] for model, values in found["models"].items()}
    assert ndcg["hybrid"] > 1.3 * ndcg["popularity"]
    assert ndcg["content"] > ndcg["popularity"]
    assert found["paired"]["hybrid_vs_popularity"]["ndcg@10"]["ci_low"] > 0


@pytest.mark.parametrize("folder", ["shop"], indirect=True)
def test_a_shop_gets_a_model_that_recommends_its_own_goods(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(_SMALL, encoding="utf-8")
    home = tmp_path / "home"
    run = recsys("run", "--data", folder, "--home", home, "--config", tmp_path / "small.yaml", "--json").document
    assert (run["status"], run["verdict"]) == ("succeeded", "FIRST")

    answer = recsys("recommend", "--home", home, "--user", "-5000", "-k", "3", "--explain", "--json").document

    assert answer["path"] == "warm"
    assert all(2**40 <= item["movie_id"] < 2**40 + 400 for item in answer["items"])
    assert all(item["title"].startswith("Thing ") for item in answer["items"])
