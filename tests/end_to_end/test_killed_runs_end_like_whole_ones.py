"""SIGKILL anywhere, then again: the same values bit for bit, nothing half-written read, nothing left "running"."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import assets.graph  # noqa: F401  (declares all recipes)
from assets.materialising import RECIPES
from assets.materialising.store import Store
from pipelines.jobs import PARTS
from pipelines.settings import Settings
from registry.tracking import Tracking
from tests.corpus.healthy_folder import write_healthy_folder
from tests.end_to_end.calling import Forked, clean_environment, recsys
from tests.end_to_end.dying_runs import PLACES, run_until_no_place_is_new
from tests.end_to_end.two_runs import Undisturbed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("killed_runs"), pytest.mark.timeout(600)]

ASSETS = list(RECIPES)
_WITH_RUN_IDS = ("registered_model", "promotion")  # and moments: never the same twice


@dataclass(frozen=True)
class Ended:
    """A home in which a run came to its end, and the document that it printed."""

    home: Path
    document: dict[str, Any]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed") / "data"
    write_healthy_folder(folder)
    return folder


@pytest.fixture(scope="module")
def places(data_dir: Path) -> Path:
    return data_dir.parent / "places"


@pytest.fixture(scope="module")
def killed(data_dir: Path, small_config: Path, places: Path) -> Ended:
    home = data_dir.parent / "killed"
    given = (home, data_dir, small_config, places)
    said = Forked(run_until_no_place_is_new, *given, environment=clean_environment()).said(550)
    assert said.code == 0, said
    assert "Traceback" not in said.err
    return Ended(home, said.document)


def test_runs_were_killed_in_every_kind_of_asset_and_in_every_stage_of_tuning(killed: Ended, places: Path) -> None:
    assert sorted(places.read_text().split()) == sorted(PLACES)


def test_metrics_and_verdict_are_those_of_an_undisturbed_run(killed: Ended, undisturbed: Undisturbed) -> None:
    for key in ("status", "metrics", "rows", "model_version", "verdict", "data_fingerprint"):
        assert killed.document[key] == undisturbed.said[0][key], key


@pytest.mark.parametrize("asset", [name for name in ASSETS if name not in _WITH_RUN_IDS])
def test_the_stored_value_is_the_same_bit_for_bit(killed: Ended, undisturbed: Undisturbed, asset: str) -> None:
    one, two = _files(undisturbed.homes[0], asset), _files(killed.home, asset)
    assert one
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []


def test_nothing_unfinished_is_left_in_the_store(killed: Ended) -> None:
    assert list((killed.home / "store").rglob(".writing-*")) == []


def test_no_run_is_running_for_ever(killed: Ended) -> None:
    settings = Settings(home=killed.home, data_dir=killed.home)
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        statuses = [run.status for run in instance.get_runs()]
    assert len(statuses) == len(PLACES) + 1
    assert statuses.count(dg.DagsterRunStatus.SUCCESS) == 1
    assert set(statuses) == {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE}

    tracking = Tracking(killed.home)
    runs = tracking.client.search_runs([tracking.experiment_id], max_results=1000)
    assert runs
    assert [run.info.run_id for run in runs if run.info.status == "RUNNING"] == []


def test_one_version_is_registered_and_it_is_the_champion(killed: Ended) -> None:
    (entry,) = recsys("models", "--home", killed.home, "--json").document["models"]
    assert (entry["version"], entry["verdict"], "champion" in entry["aliases"]) == ("1", "FIRST", True)


def test_several_processes_give_the_same_metrics(data_dir: Path, small_config: Path, undisturbed: Undisturbed) -> None:
    home, training = data_dir.parent / "several", {name for name in ASSETS if RECIPES[name].group in PARTS["training"]}
    for name in {*ASSETS} - training:
        shutil.copytree(undisturbed.homes[0] / "store" / name, home / "store" / name)
    run = ("run", "--data", data_dir, "--home", home, "--config", small_config, "--json")
    said = recsys(*run, RECSYS_EXECUTOR="multiprocess")
    assert said.code == 0, said
    for key in ("metrics", "rows", "data_fingerprint", "verdict"):
        assert said.document[key] == undisturbed.said[0][key], key
    assert set(said.document["made"]) == training
    for asset in ("evaluation", "recommendations"):
        assert _files(home, asset) == _files(undisturbed.homes[0], asset)


def _files(home: Path, asset: str) -> dict[str, Any]:
    """The stored value's files: bytes, and of manifests what neither tells the time nor names the home."""
    store = Store(home / "store")
    record = store.current(asset)
    assert record is not None
    folder = store.directory(asset, record.origin.version)
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        name: _lasting(json.loads(path.read_bytes())) if path.name == "manifest.json" else path.read_bytes()
        for name, path in files.items()
    }


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lasting(inner) for key, inner in value.items() if key not in ("seconds", "docs_path")}
    return [_lasting(inner) for inner in value] if isinstance(value, list) else value
