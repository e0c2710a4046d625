"""One step of a run: what Dagster is told is what was loaded, and pins hold whatever happens meanwhile."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dagster as dg
import pytest

from assets.materialising import RECIPES, InputChangedError, Shown
from assets.materialising.names import AS_IN_CODE
from assets.materialising.step import PLAN_TAG, STORED, label
from assets.materialising.store import Pins, Store
from assets.materialising.world import World
from assets.workspace import Workspace
from tests.assets.materialising.running_steps import failure, materialize, messages, tags_of, wrap
from tests.corpus.made_home import another_version, inputs_now


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def current(workspace: Workspace, name: str) -> str:
    record = Store(workspace.store_directory).current(name)
    assert record is not None
    return record.origin.version


def test_a_step_stores_its_value_under_the_version_of_its_inputs_and_tells_dagster(
    up_to_date: Workspace, instance: dg.DagsterInstance
) -> None:
    result = materialize(up_to_date, "user_item_matrix", instance=instance)

    assert result.success
    record = Store(up_to_date.store_directory).current("user_item_matrix")
    assert record is not None
    tags = tags_of(result, "user_item_matrix")
    assert {name: tags[name] for name in label(record, AS_IN_CODE)} == label(record, AS_IN_CODE)
    assert tags["dagster/data_version"] == inputs_now(World(up_to_date), "user_item_matrix").version
    assert tags["dagster/input_data_version/ratings"] == current(up_to_date, "ratings")
    (event,) = result.asset_materializations_for_node("user_item_matrix")
    assert event.metadata["path"].value == str(
        Store(up_to_date.store_directory).directory("user_item_matrix", record.origin.version)
    )
    assert event.metadata["dagster/row_count"].value > 0
    (check,) = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == (STORED, True)


def test_a_file_that_is_read_is_told_as_observed(up_to_date: Workspace, instance: dg.DagsterInstance) -> None:
    result = materialize(up_to_date, "raw_links", instance=instance)

    found = World(up_to_date).outside("links_csv")
    assert tags_of(result, "raw_links")["dagster/input_data_version/links_csv"] == found
    (record,) = instance.fetch_observations(dg.AssetKey("links_csv"), limit=5).records
    assert record.asset_observation is not None
    assert record.asset_observation.tags["dagster/data_version"] == found


def test_what_is_recorded_is_what_was_loaded_though_a_newer_version_appeared_meanwhile(
    up_to_date: Workspace, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = current(up_to_date, "user_item_matrix")
    newer: list[str] = []

    def around(make: Any) -> Any:
        """Another run stores a newer matrix, and tells Dagster, while this one splits the one that it loaded."""
        newer.append(another_version(up_to_date, "user_item_matrix"))
        record = Store(up_to_date.store_directory).current("user_item_matrix")
        assert record is not None
        instance.report_runless_asset_event(dg.AssetMaterialization("user_item_matrix", tags=label(record, AS_IN_CODE)))
        return make()

    wrap(monkeypatch, "split", around)
    result = materialize(up_to_date, "split", instance=instance)

    assert result.success
    assert current(up_to_date, "user_item_matrix") == newer[0] != used
    assert tags_of(result, "split")["dagster/input_data_version/user_item_matrix"] == used
    record = Store(up_to_date.store_directory).current("split")
    assert record is not None
    assert record.parts["upstream"]["user_item_matrix"] == used


def test_steps_of_one_run_use_the_version_that_the_first_of_them_took(
    up_to_date: Workspace, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = current(up_to_date, "ratings")

    def around(make: Any) -> Any:
        another_version(up_to_date, "movies")
        return make()

    wrap(monkeypatch, "links", around)
    before = current(up_to_date, "movies")
    result = materialize(up_to_date, "links", "tags", instance=instance)

    assert result.success
    assert current(up_to_date, "movies") != before
    for name in ("links", "tags"):
        assert tags_of(result, name)["dagster/input_data_version/movies"] == before
    assert current(up_to_date, "ratings") == used


def test_a_step_that_is_tried_again_in_its_run_uses_the_same_pins(
    up_to_date: Workspace, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, tries = current(up_to_date, "user_item_matrix"), []

    def around(make: Any) -> Any:
        tries.append(another_version(up_to_date, "user_item_matrix"))
        if len(tries) == 1:
            raise InputChangedError("something changed")
        return make()

    wrap(monkeypatch, "split", around)
    result = materialize(up_to_date, "split", instance=instance)

    assert (result.success, len(tries)) == (True, 2)
    assert tags_of(result, "split")["dagster/input_data_version/user_item_matrix"] == used
    assert messages(instance, result, logging.WARNING) == ["something changed; making split once more"]


def test_a_run_of_a_plan_uses_the_versions_of_its_plan(up_to_date: Workspace, instance: dg.DagsterInstance) -> None:
    store = Store(up_to_date.store_directory)
    planned = current(up_to_date, "user_item_matrix")
    Pins(store.root, "plan-1").first("user_item_matrix", planned)
    another_version(up_to_date, "user_item_matrix")

    result = materialize(up_to_date, "split", instance=instance, tags={PLAN_TAG: "plan-1"})

    assert tags_of(result, "split")["dagster/input_data_version/user_item_matrix"] == planned


def test_what_a_run_makes_itself_is_what_its_next_steps_use(
    up_to_date: Workspace, instance: dg.DagsterInstance
) -> None:
    store = Store(up_to_date.store_directory)
    newer = another_version(up_to_date, "user_item_matrix")
    Pins(store.root, "plan-1").first("user_item_matrix", newer)

    result = materialize(up_to_date, "user_item_matrix", "split", instance=instance, tags={PLAN_TAG: "plan-1"})

    made = tags_of(result, "user_item_matrix")["dagster/data_version"]
    assert made != newer
    assert tags_of(result, "split")["dagster/input_data_version/user_item_matrix"] == made


def test_upstream_values_that_do_not_belong_together_are_refused(
    up_to_date: Workspace, instance: dg.DagsterInstance
) -> None:
    another_version(up_to_date, "split")
    before = current(up_to_date, "content_model")

    result = materialize(up_to_date, "content_model", instance=instance)

    assert not result.success
    message = failure(result)
    assert "\n" not in message
    assert message.startswith("content_model cannot be made: item_features comes from another version of split (")
    assert current(up_to_date, "content_model") == before


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("gone", "asset user_item_matrix is not materialised in"),
        ("unusable", "asset user_item_matrix failed its checks; mend what they name"),
        ("pinned and gone", "version another of asset user_item_matrix, which this run began with, is gone from"),
        ("damaged", "asset user_item_matrix, version "),
    ],
)
def test_a_step_without_a_usable_input_says_so_in_one_line_and_stores_nothing(
    up_to_date: Workspace, instance: dg.DagsterInstance, state: str, words: str
) -> None:
    store = Store(up_to_date.store_directory)
    before = store.versions("split")
    if state == "gone":
        (store.root / "user_item_matrix" / "all" / "current.json").unlink()
    elif state == "unusable":
        another_version(up_to_date, "user_item_matrix", usable=False)
    elif state == "damaged":
        path = next(store.directory("user_item_matrix", current(up_to_date, "user_item_matrix")).iterdir())
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    else:
        Pins(store.root, "plan-1").first("user_item_matrix", "another")

    result = materialize(up_to_date, "split", instance=instance, tags={PLAN_TAG: "plan-1"})

    assert not result.success
    assert "\n" not in failure(result)
    assert failure(result).startswith(words)
    assert store.versions("split") == before
    assert list(store.root.glob(".writing-*")) == []


def test_an_unusable_value_is_stored_and_stops_what_is_made_of_it(
    up_to_date: Workspace, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unusable:
        usable = False

        def __init__(self, value: Any) -> None:
            self.save = value.save

    def around(make: Any) -> Any:
        made = make()
        return replace(made, value=Unusable(made.value))

    monkeypatch.setitem(RECIPES, "user_item_matrix", replace(RECIPES["user_item_matrix"], show=lambda _: Shown({})))
    wrap(monkeypatch, "user_item_matrix", around)
    another_version(up_to_date, "user_item_matrix")

    result = materialize(up_to_date, "user_item_matrix", "split", instance=instance)

    record = Store(up_to_date.store_directory).current("user_item_matrix")
    assert record is not None
    assert not record.usable
    assert failure(result) == "asset user_item_matrix failed its checks; mend what they name, then run again"
