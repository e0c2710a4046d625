"""Whatever keeps a version from being read is a RegistryError of one line that says what to do."""

import json
import shutil

import pytest

from recsys_core.errors import RegistryError
from registry import moved_home
from registry.loading import load_bundle, load_evaluation_model
from registry.observing import version_fault
from registry.versions import Versions


@pytest.fixture
def champion(register, registry, make_bundle):
    made = register("A")
    registry.log_evaluation_model(made.run_id, make_bundle("twin"))
    registry.versions.set_alias("champion", made.version)
    return made


def remove_run(tracking, version) -> None:
    """What ``mlflow gc`` leaves: neither the run nor its files."""
    shutil.rmtree(tracking.home / "mlflow" / "artifacts" / version.run_id)
    with moved_home.opened(tracking.database) as connection, connection:
        for table in ("tags", "metrics", "latest_metrics", "params", "runs"):
            connection.execute(f"DELETE FROM {table} WHERE run_uuid = ?", (version.run_id,))


def flip_one_byte(folder) -> None:
    file = folder / "bundle.json"
    content = bytearray(file.read_bytes())
    content[3] ^= 1
    file.write_bytes(content)


DAMAGES = {
    "the run was collected": (remove_run, False, True),
    "the logged model was deleted": (lambda t, v: t.client.delete_logged_model(v.model_id), True, False),
    "the artifacts are gone": (lambda t, v: shutil.rmtree(t.home / "mlflow" / "artifacts"), True, True),
    "one byte was flipped": (
        lambda t, v: [flip_one_byte(file.parent) for file in (t.home / "mlflow").rglob("bundle.json")], True, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_unreadable_champion_is_one_line_that_says_what_to_do(damage, champion, registry, tracking):
    spoil, bundle_is_lost, twin_is_lost = DAMAGES[damage]
    spoil(tracking, champion)
    for read, is_lost in ((registry.bundle_path, bundle_is_lost), (registry.evaluation_model_path, twin_is_lost)):
        if not is_lost:
            assert read().is_dir()
            continue
        with pytest.raises(RegistryError, match=r"version 1 .*`recsys promote VERSION` makes another") as caught:
            read()
        assert "\n" not in str(caught.value)


def test_a_deleted_run_can_still_be_read_until_it_is_collected(champion, registry, tracking):
    tracking.client.delete_run(champion.run_id)
    assert registry.evaluation_model_path().is_dir()
    assert registry.bundle_path().is_dir()
    with pytest.raises(RegistryError, match="evaluation model cannot be kept"):
        registry.log_evaluation_model(champion.run_id, registry.bundle_path())


def test_advice_about_a_version_that_is_not_champion_does_not_speak_of_it(register, registry, tracking):
    made = register("A")
    tracking.client.delete_logged_model(made.model_id)
    with pytest.raises(RegistryError, match="choose another version"):
        registry.bundle_path("1")


def test_files_of_another_format_are_a_registry_error_when_loaded(champion, registry):
    for load in (load_bundle, load_evaluation_model):  # the fixture's files are no models at all
        with pytest.raises(RegistryError, match=r"cannot be loaded .*manifest\.json.*recsys promote") as caught:
            load(registry)
        assert "\n" not in str(caught.value)


def test_a_store_that_stopped_answering_is_a_registry_error(tracking, champion, monkeypatch):
    from mlflow.exceptions import MlflowException

    def fail(*_, **__):
        raise MlflowException("first line\nsecond line")

    monkeypatch.setattr(tracking.client, "get_registered_model", fail)
    monkeypatch.setattr(tracking.client, "set_model_version_tag", fail)
    versions = Versions(tracking)
    for ask in (versions.aliases, versions.all, lambda: versions.tag("1", {"a": "b"})):
        with pytest.raises(RegistryError, match="first line second line"):
            ask()


def test_an_edited_tag_hides_no_version(tracking, champion, registry):
    registry.versions.tag("1", {"metrics": "not json"})
    assert registry.versions.get("1").metrics == {}
    json.dumps(registry.versions.list_models())
    assert len(registry.versions.all()) == 1


def test_damage_that_was_found_once_is_remembered_until_the_files_are_put_back(
    champion, registry, tracking, make_bundle
):
    assert version_fault(tracking, champion.version, champion.model_id) is None
    (stored,) = [f.parent for f in (tracking.home / "mlflow").rglob("bundle.json") if champion.model_id in str(f)]
    whole = (stored / "bundle.json").read_bytes()
    flip_one_byte(stored)
    with pytest.raises(RegistryError, match="damaged"):
        registry.bundle_path()
    assert "its artifacts are damaged" in (version_fault(tracking, champion.version, champion.model_id) or "")
    (stored / "bundle.json").write_bytes(whole)
    assert registry.bundle_path() == stored
    assert version_fault(tracking, champion.version, champion.model_id) is None
