"""Dagster is told what a look has found, once: values, losses, and what lies outside."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.materialising import RECIPES
from assets.materialising.outside import outside_names
from assets.materialising.planning import plan
from assets.materialising.step import STORED
from assets.materialising.store import Store
from assets.materialising.world import World
from assets.workspace import Workspace
from pipelines.jobs import PARTS
from pipelines.settings import Settings
from pipelines.telling import tell_dagster
from tests.corpus.made_home import another_version

VERSION = "dagster/data_version"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def tell(instance: dg.DagsterInstance, workspace: Workspace, part: str | None = None) -> None:
    world = World(workspace)
    tell_dagster(instance, world, plan(world, groups=PARTS[part] if part else None))


def n_events(instance: dg.DagsterInstance) -> int:
    """Everything that was ever reported."""
    keys = [dg.AssetKey(name) for name in [*RECIPES, *outside_names()]]
    materialized = sum(len(instance.fetch_materializations(key, limit=100).records) for key in keys)
    observed = sum(len(instance.fetch_observations(key, limit=100).records) for key in keys)
    return materialized + observed + sum(len(checks(instance, name)) for name in RECIPES)


def checks(instance: dg.DagsterInstance, name: str) -> list[Any]:
    """Evaluations of the check ``stored``, the newest first."""
    key = dg.AssetCheckKey(dg.AssetKey(name), STORED)
    return [
        record.event.dagster_event.event_specific_data
        for record in instance.event_log_storage.get_asset_check_execution_history(key, limit=100)
    ]


def versions(instance: dg.DagsterInstance) -> dict[str, str]:
    found = {name: instance.get_latest_materialization_event(dg.AssetKey(name)) for name in RECIPES}
    return {
        name: event.asset_materialization.tags[VERSION]
        for name, event in found.items()
        if event is not None and event.asset_materialization is not None
    }


def value_of(workspace: Workspace, name: str) -> Path:
    store = Store(workspace.store_directory)
    record = store.current(name)
    assert record is not None
    return store.directory(name, record.origin.version)


def test_values_that_dagster_does_not_know_are_told_with_what_they_are_made_of(
    up_to_date: Workspace, instance: dg.DagsterInstance
) -> None:
    tell(instance, up_to_date)

    store = Store(up_to_date.store_directory)
    records = {name: store.current(name) for name in RECIPES}
    assert versions(instance) == {name: record.origin.version for name, record in records.items() if record}
    event = instance.get_latest_materialization_event(dg.AssetKey("split"))
    assert event is not None
    assert event.asset_materialization is not None
    tags = event.asset_materialization.tags
    assert tags["dagster/input_data_version/movies"] == versions(instance)["movies"]
    assert tags["dagster/code_version"] == records["split"].origin.code_version  # type: ignore[union-attr]


def test_files_store_and_champion_are_told_as_observed(up_to_date: Workspace, instance: dg.DagsterInstance) -> None:
    tell(instance, up_to_date)

    world = World(up_to_date)
    for name in outside_names():
        (record,) = instance.fetch_observations(dg.AssetKey(name), limit=10).records
        assert record.asset_observation is not None
        assert record.asset_observation.tags[VERSION] == world.outside(name)


def test_nothing_is_told_twice(up_to_date: Workspace, instance: dg.DagsterInstance) -> None:
    tell(instance, up_to_date)
    before = n_events(instance)
    for _ in range(2):
        tell(instance, up_to_date)
    assert n_events(instance) == before


def test_a_loss_is_told_once_too(up_to_date: Workspace, instance: dg.DagsterInstance) -> None:
    tell(instance, up_to_date)
    shutil.rmtree(value_of(up_to_date, "evaluation"))
    tell(instance, up_to_date)
    before = n_events(instance)
    tell(instance, up_to_date)
    assert n_events(instance) == before


def test_only_what_is_new_is_told(up_to_date: Workspace, instance: dg.DagsterInstance) -> None:
    tell(instance, up_to_date)
    before = n_events(instance)
    newer = another_version(up_to_date, "recommendations")
    (up_to_date.data_path / "tags.csv").unlink()

    tell(instance, up_to_date)

    assert n_events(instance) == before + 2
    assert versions(instance)["recommendations"] == newer
    (record, *_) = instance.fetch_observations(dg.AssetKey("tags_csv"), limit=1).records
    assert record.asset_observation is not None
    assert record.asset_observation.tags[VERSION] == "absent"


def test_a_value_that_failed_its_checks_is_not_told_as_made(
    up_to_date: Workspace, instance: dg.DagsterInstance
) -> None:
    unusable = another_version(up_to_date, "ratings", usable=False)
    tell(instance, up_to_date)
    assert versions(instance).get("ratings") != unusable


def test_a_lost_value_fails_its_check_with_the_reason_and_a_mended_one_passes_again(
    up_to_date: Workspace, instance: dg.DagsterInstance
) -> None:
    tell(instance, up_to_date)
    assert [check.passed for check in checks(instance, "evaluation")] == [True]
    folder = value_of(up_to_date, "evaluation")
    folder.rename(folder.with_name("elsewhere"))

    tell(instance, up_to_date)

    lost = checks(instance, "evaluation")[0]
    assert (lost.passed, lost.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert " is gone" in (lost.description or "")
    assert all(checks(instance, name)[0].passed for name in RECIPES if name != "evaluation")
    folder.with_name("elsewhere").rename(folder)
    tell(instance, up_to_date)
    assert checks(instance, "evaluation")[0].passed


def test_a_version_that_is_gone_from_mlflow_fails_the_check_of_its_asset(
    up_to_date: Workspace, instance: dg.DagsterInstance
) -> None:
    shutil.rmtree(up_to_date.home_path / "mlflow")
    tell(instance, up_to_date)
    lost = checks(instance, "registered_model")[0]
    assert (lost.passed, lost.description) == (False, "version 1 is not in the store")


def test_a_look_at_one_part_says_nothing_of_the_losses_of_the_other(
    up_to_date: Workspace, instance: dg.DagsterInstance
) -> None:
    shutil.rmtree(value_of(up_to_date, "raw_tags"))
    tell(instance, up_to_date)
    assert not checks(instance, "raw_tags")[0].passed

    tell(instance, up_to_date, "training")

    assert not checks(instance, "raw_tags")[0].passed


def test_of_an_empty_home_only_what_lies_outside_is_told(settings: Settings, instance: dg.DagsterInstance) -> None:
    tell(instance, settings.workspace())
    assert versions(instance) == {}
    assert n_events(instance) == len(outside_names())
