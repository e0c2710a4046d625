"""A home belongs to one catalogue: other items, or another data set, are refused before they are stored."""

from pathlib import Path

import pytest

from assets.materialising import Inputs
from assets.materialising.store import Store
from pipelines.running import RunOutcome, run_pipeline
from pipelines.settings import Settings
from recsys_core.bundle import Recommendations
from registry.documents import Promotion
from tests.corpus.healthy_folder import FEW_TRIALS, write_healthy_folder
from tests.corpus.made_home import copy_home, settings_in

pytestmark = pytest.mark.xdist_group("mlflow")

_OWN = """\
name: own films
feedback: {scale: [0.5, 5], step: 0.5}
interactions: {file: ratings.csv}
items: {file: movies.csv}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    write_healthy_folder(tmp_path / "data")
    found = Settings(home=tmp_path / "home", data_dir=tmp_path / "data")
    assert data_part(found).failed == []
    return found


def data_part(settings: Settings, *, force: bool = False) -> RunOutcome:
    return run_pipeline(settings, only="data", force=force)


def rename_items(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        head, *lines = path.read_text(encoding="utf-8").splitlines()
        place = head.split(",").index("movieId") if "movieId" in head else -1
        moved = [",".join(_with_other_id(line.split(","), place)) for line in lines]
        path.write_text("\n".join([head, *moved]) + "\n", encoding="utf-8")


def test_other_items_are_refused_with_the_share_and_forced(settings: Settings) -> None:
    rename_items(settings.data_dir)

    (failed,) = data_part(settings).failed
    assert failed.asset == "movies"
    assert "this home belongs to another catalogue: 0.0% of the smaller one's" in failed.message
    assert "--force" in failed.message

    assert data_part(settings, force=True).failed == []
    assert data_part(settings).failed == []


def test_another_data_set_of_the_same_ids_is_refused(settings: Settings) -> None:
    (settings.data_dir / "dataset.yaml").write_text(_OWN, encoding="utf-8")

    failed = next(failure for failure in data_part(settings).failed if failure.asset == "items")
    assert "belongs to the data set movielens, this is own films: 100.0% of the smaller one's" in failed.message


def test_a_home_of_before_data_sets_had_names_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_healthy_folder(tmp_path / "data")
    settings = Settings(home=tmp_path / "home", data_dir=tmp_path / "data")
    with monkeypatch.context() as before:
        before.setattr(Inputs, "parts", lambda inputs, named=Inputs.parts: {**named(inputs), "dataset": "0ac08a43"})
        assert data_part(settings).failed == []

    assert data_part(settings).failed == []


def test_a_catalogue_that_grows_is_the_same(settings: Settings) -> None:
    with (settings.data_dir / "movies.csv").open("a", encoding="utf-8") as opened:
        opened.writelines(f"{number},Film {number} (1999),Drama\n" for number in range(100_000, 100_500))

    assert data_part(settings).failed == []


def _with_other_id(cells: list[str], place: int) -> list[str]:
    if place >= 0:
        cells[place] = str(int(cells[place]) + 2_000_000)
    return cells


@pytest.mark.slow
def test_a_forced_catalogue_is_the_one_that_is_served(tmp_path: Path, made_home: Path) -> None:
    found = settings_in(tmp_path)
    workspace = copy_home(made_home, found)
    rename_items(found.data_dir)
    (tmp_path / "small.yaml").write_text(f"{FEW_TRIALS}split: {{validation_share: 0.3}}\n", encoding="utf-8")

    assert run_pipeline(found, force=True).failed == []

    store = Store(workspace.store_directory)
    content = store.load("promotion", Promotion).content
    assert (content["version"], content["verdict"], content["champion"]) == ("2", "FIRST", "2")
    assert "the champion is of another catalogue: 0.0% of the smaller one's items are in both" in content["reasons"]
    recommended = store.load("recommendations", Recommendations).table["movie_id"].to_numpy()
    assert recommended.min() > 2_000_000
