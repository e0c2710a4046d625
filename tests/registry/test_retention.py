"""Old versions and runs leave the store with their files; what is in use, or may be, stays."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recsys_core.errors import RegistryError
from registry.gate import Decision
from registry.interface import input_example
from registry.models import ModelRegistry
from registry.moved_home import opened
from registry.promotion import Promotions
from registry.retention import OldModels, OldRuns, old_models, old_runs, old_twins
from registry.tracking import Tracking
from tests.registry.conftest import METRICS

LATER = datetime.now(UTC) + timedelta(days=1)
RUNS = ("d1", "d2", "d3", "d4", "d5")


@pytest.fixture(scope="module")
def filled(tmp_path_factory, migrated_database):
    """A home with five versions, each of its own Dagster run and with an evaluation twin; no aliases. Only to copy."""
    home = tmp_path_factory.mktemp("filled") / "home"
    (home / "mlflow").mkdir(parents=True)
    shutil.copy(migrated_database, home / "mlflow" / "mlflow.db")
    tracking = Tracking(home)
    registry = ModelRegistry(tracking)
    twin = tmp_path_factory.mktemp("twin")
    (twin / "twin.json").write_text("{}")
    for name in RUNS:
        bundle = tmp_path_factory.mktemp(name)
        (bundle / "bundle.json").write_text(json.dumps({"name": name}))
        run_id = tracking.parent_run(name)
        registry.log_evaluation_model(run_id, twin)
        registry.register_bundle(
            bundle,
            run_id,
            data_fingerprint="data-1",
            metrics=METRICS,
            example=input_example(1, [1, 2]),
            dagster_run_id=name,
            python_model=Path(__file__).with_name("data") / "fake_pyfunc_model.py",
        )
    return home


@pytest.fixture
def tracking(filled, tmp_path) -> Tracking:
    shutil.copytree(filled, tmp_path / "home")
    return Tracking(tmp_path / "home")


@pytest.fixture
def versions(registry):
    return registry.versions.all()[::-1]


def look(tracking, keep=1, in_use=(), made_here=RUNS, now=LATER) -> OldModels:
    return old_models(tracking, keep, in_use=in_use, made_here=made_here, now=now)


def clean(tracking, keep=1, in_use=()) -> tuple[list[str], list[OldRuns]]:
    """All of it; the versions and runs that went."""
    models = look(tracking, keep, in_use)
    models.remove(tracking)
    models.remove_files(tracking)
    stays = {found.dagster_run_id for found in models.kept}
    runs = []
    for old in old_runs(tracking, models.kept, {run: run not in stays for run in RUNS}, keep):
        old.remove(tracking)
        runs.append(old)
    return models.versions, runs


def n_files(tracking) -> int:
    return sum(path.is_file() for path in (tracking.folder / "artifacts").rglob("*"))


def rows(tracking, table: str) -> int:
    with opened(tracking.database) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_the_newest_and_those_in_use_stay(tracking, versions, registry):
    registry.versions.set_alias("challenger", "2")
    assert look(tracking).versions == ["1", "3", "4"]
    assert look(tracking, in_use={"3"}).versions == ["1", "4"]
    assert look(tracking, 2, in_use={"3"}).versions == ["1"]
    assert look(tracking, 9).versions == []
    assert [found.version for found in look(tracking).kept] == ["5", "2"]


def test_versions_of_the_last_minutes_stay_whoever_may_be_loading_them(tracking, versions):
    assert look(tracking, 0, now=datetime.now(UTC)).versions == []


def test_a_version_that_was_champion_minutes_ago_stays_for_servers_that_are_loading_it(tracking, versions):
    promotions = Promotions(tracking)
    for version, minutes_ago in (("1", 60), ("2", 40), ("3", 20), ("4", 0)):
        at = LATER - timedelta(minutes=minutes_ago)
        promotions.promote(version, reason="test", at=at, actor="test")
    assert look(tracking, 0).versions == ["1", "5"], "4 and 3 have aliases, 2 had one until now"


def test_the_version_that_refreshes_are_measured_against_stays(tracking, versions):
    promotions = Promotions(tracking)
    refreshed = Decision("PROMOTED", ("not worse",), {"rule": "not_inferior", "superior": False})
    long_ago, champion = LATER - timedelta(days=9), None
    for version in ("1", "2", "3", "4"):
        decision = refreshed if champion else Decision("FIRST", (), {})
        promotions.apply(decision, version, against=champion, decision_id=version, at=long_ago)
        champion = version
    assert look(tracking, 0).versions == ["2", "5"], "4 and 3 have aliases, 1 is what 5 would be measured against"


def test_a_version_of_which_another_model_has_a_copy_stays(tracking, versions):
    with tracking.as_global():
        tracking.client.copy_model_version("models:/hybrid-recommender/1", "shop-window")
    assert look(tracking).versions == ["2", "3", "4"]


def test_versions_and_runs_go_with_their_files_and_rows_and_the_rest_is_whole(tracking, versions, registry):
    registry.versions.set_alias("champion", "2")
    before, models = n_files(tracking), rows(tracking, "logged_models")
    gone, runs = clean(tracking)
    assert gone == ["1", "3", "4"]
    assert [old.run_ids for old in runs] == [[versions[number].run_id] for number in (3, 2, 0)]
    assert n_files(tracking) == before * 2 // 5
    assert (models, rows(tracking, "logged_models"), rows(tracking, "runs")) == (5, 2, 2)
    for version in ("2", "5"):
        assert registry.bundle_path(version).is_dir()
        assert registry.evaluation_model_path(version).is_dir()
    with pytest.raises(RegistryError, match="no version or alias '3'; it has the versions 5, 2"):
        registry.bundle_path("3")
    assert clean(tracking) == ([], [])


def test_a_run_goes_with_all_runs_below_it_and_a_run_beside_it_stays(tracking, versions):
    search = tracking.child_run(versions[0].run_id, "tuning")
    for number in range(3):
        tracking.child_run(search, f"trial {number}")
    beside = tracking.client.create_run(tracking.experiment_id, run_name="by hand").info.run_id
    _, runs = clean(tracking, 4)
    assert [len(old.run_ids) for old in runs] == [5]
    assert runs[0].run_ids[-1] == versions[0].run_id, "the parent last: what is below it is found by it"
    assert tracking.client.get_run(beside).info.lifecycle_stage == "active"
    assert rows(tracking, "runs") == 5


def test_the_run_that_took_over_a_kept_versions_twin_stays(tracking, versions, registry):
    registry.versions.tag("5", {"evaluation_run_id": versions[0].run_id})
    gone, runs = clean(tracking)
    assert "1" in gone
    assert versions[0].run_id not in {run_id for old in runs for run_id in old.run_ids}


@pytest.mark.parametrize("died", [False, True])
def test_a_twin_goes_from_a_run_that_stays_once_its_version_is_gone(tracking, versions, registry, died):
    models = look(tracking)
    models.remove(tracking)
    if died:  # in the middle of the first twin
        tracking.client.delete_tag(versions[0].run_id, "evaluation_model_fingerprint")
    twins = [*old_twins(tracking, models.kept, {versions[1].run_id}, RUNS)]
    assert {old.run.info.run_id for old in twins} == {versions[number].run_id for number in (0, 2, 3)}
    for old in twins:
        old.remove(tracking)
    assert [*old_twins(tracking, models.kept, {versions[1].run_id}, RUNS)] == []
    assert len([*tracking.folder.glob("artifacts/*/artifacts/evaluation_model")]) == 2
    assert registry.evaluation_model_path("5").is_dir()


def test_in_a_store_that_may_be_others_too_only_own_twins_go(tracking, versions):
    shared = Tracking(tracking.home, tracking_uri=tracking.tracking_uri)
    assert [old.run.info.run_id for old in old_twins(shared, [], (), {"d3"})] == [versions[2].run_id]


def test_runs_that_dagster_does_not_know_stay_but_for_the_oldest(tracking, versions):
    assert [old.run_ids for old in old_runs(tracking, [], {}, 3)] == [[versions[1].run_id], [versions[0].run_id]]


@pytest.mark.parametrize("died", ["after the versions", "after a mark", "after the files", "in a run"])
def test_what_a_killed_clean_up_left_goes_with_the_next_one(tracking, versions, died):
    models = look(tracking)
    models.remove(tracking)
    if died in {"after a mark", "after the files"}:
        tracking.client.delete_logged_model(models.model_ids[0])
    if died == "after the files":
        shutil.rmtree(models.folders[0])
    if died == "in a run":
        tracking.client.delete_run(versions[0].run_id)
    gone, runs = clean(tracking)
    assert gone == []
    assert len(runs) == 4
    assert (rows(tracking, "logged_models"), rows(tracking, "runs")) == (1, 1)
    assert {path.name for path in (tracking.folder / "artifacts" / "models").iterdir()} == {versions[4].model_id}


def test_files_of_a_registration_that_failed_go_once_nobody_can_be_at_it(tracking, versions):
    model = tracking.client.create_logged_model(tracking.experiment_id, "hybrid-recommender")
    other = tracking.client.create_logged_model(tracking.experiment_id, "somebody-elses")
    assert look(tracking, 5, now=datetime.now(UTC)).model_ids == []
    found = look(tracking, 5).model_ids
    assert found == [model.model_id]
    assert other.model_id not in found


def test_in_a_store_that_may_be_others_too_only_own_versions_go_and_only_out_of_sight(tracking, versions):
    shared = Tracking(tracking.home, tracking_uri=tracking.tracking_uri)
    before = n_files(shared)
    assert look(shared, made_here={"d1", "d2"}).versions == ["1"]
    gone, runs = clean(shared)
    assert gone == ["1", "2", "3", "4"]
    assert len(runs) == 4
    assert all(not old.folders for old in runs)
    assert n_files(shared) == before
    assert {shared.client.get_run(old.run_ids[-1]).info.lifecycle_stage for old in runs} == {"deleted"}


def test_bundles_fetched_from_a_server_go_with_their_versions(tracking, versions, registry):
    fetched = tracking.folder / "fetched"
    kept_twin = tracking.client.get_run(versions[4].run_id).data.tags["evaluation_model_fingerprint"]
    needed = {versions[4].bundle_fingerprint, kept_twin}
    for name in {*needed, versions[0].bundle_fingerprint}:
        (fetched / name).mkdir(parents=True)
    clean(tracking)
    assert {path.name for path in fetched.iterdir()} == needed
