"""Registering the same bundle again puts back what a version has lost."""

import shutil

import pytest

from recsys_core.errors import RegistryError
from registry import moved_home
from registry.content_hash import folder_fingerprint
from registry.observing import version_fault


@pytest.fixture
def first(register, registry, make_bundle):
    made = register("A")
    registry.log_evaluation_model(made.run_id, make_bundle("twin"))
    return made


def remove_all(folder) -> None:
    shutil.rmtree(folder.parents[1])


def add_a_file(folder) -> None:
    (folder / "extra").write_text("x")


def change_a_file(folder) -> None:
    (folder / "bundle.json").write_text("{")


def remove_the_description(folder) -> None:
    (folder.parents[1] / "MLmodel").unlink()


@pytest.mark.parametrize("spoil", [remove_all, shutil.rmtree, add_a_file, change_a_file, remove_the_description])
def test_lost_or_damaged_files_come_back_for_the_same_version(first, register, registry, tracking, spoil):
    spoil(registry.bundle_path("1"))
    again = register("A", dagster_run_id="d2")
    assert again == first
    assert folder_fingerprint(registry.bundle_path("1")) == first.bundle_fingerprint
    assert (registry.bundle_path("1").parents[1] / "MLmodel").is_file()
    with tracking.as_global() as mlflow:
        assert mlflow.pyfunc.load_model("models:/hybrid-recommender/1")
    assert version_fault(tracking, "1", first.model_id) is None


def test_a_whole_version_is_not_written_again(first, register, registry):
    before = {path: path.stat().st_mtime_ns for path in registry.bundle_path("1").parents[1].rglob("*")}
    register("A", dagster_run_id="d2")
    assert {path: path.stat().st_mtime_ns for path in registry.bundle_path("1").parents[1].rglob("*")} == before


def test_a_version_whose_logged_model_was_deleted_gets_a_successor_once(first, register, registry, tracking):
    tracking.client.delete_logged_model(first.model_id)
    second = register("A", dagster_run_id="d2")
    assert second.version == "2"
    assert second.model_id != first.model_id
    assert register("A", dagster_run_id="d3") == second


@pytest.mark.parametrize("spoil", [shutil.rmtree, add_a_file, change_a_file])
def test_a_lost_or_damaged_evaluation_model_is_written_again(first, registry, make_bundle, spoil):
    spoil(registry.evaluation_model_path("1"))
    registry.log_evaluation_model(first.run_id, make_bundle("twin"))
    assert folder_fingerprint(registry.evaluation_model_path("1")) == folder_fingerprint(make_bundle("twin"))


def test_a_copy_cut_short_while_it_replaces_another_is_never_read(first, registry, tracking, make_bundle, monkeypatch):
    change_a_file(registry.evaluation_model_path("1"))

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(tracking.client, "log_artifacts", die)
        with pytest.raises(KeyboardInterrupt):
            registry.log_evaluation_model(first.run_id, make_bundle("twin"))
    with pytest.raises(RegistryError, match="never stored whole"):
        registry.evaluation_model_path("1")
    registry.log_evaluation_model(first.run_id, make_bundle("twin"))
    assert registry.evaluation_model_path("1").is_dir()


def test_another_twin_for_the_same_run_replaces_the_first_one_whole(first, registry, make_bundle):
    other = make_bundle("other twin")
    add_a_file(registry.evaluation_model_path("1"))
    registry.log_evaluation_model(first.run_id, other)
    assert folder_fingerprint(registry.evaluation_model_path("1")) == folder_fingerprint(other)


def test_the_twin_of_a_later_run_stands_in_for_a_lost_one(first, register, registry, tracking, make_bundle):
    with moved_home.opened(tracking.database) as connection, connection:
        for table in ("tags", "metrics", "latest_metrics", "runs"):
            connection.execute(f"DELETE FROM {table} WHERE run_uuid = ?", (first.run_id,))
    registry.log_evaluation_model(tracking.parent_run("d2"), make_bundle("twin"))
    assert register("A", dagster_run_id="d2").version == "1"
    assert folder_fingerprint(registry.evaluation_model_path("1")) == folder_fingerprint(make_bundle("twin"))
    assert version_fault(tracking, "1", first.model_id) is None
