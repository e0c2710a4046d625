"""A run with the launchpad's parameters, and a run that is executed again: each is labelled with what it used."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets.launchpad import RefusedParameterError
from assets.materialising.planning import plan
from assets.materialising.store import Store
from assets.materialising.world import World
from assets.workspace import Workspace
from pipelines.instance import open_instance
from pipelines.running import pipeline_job
from pipelines.settings import Settings
from recsys_core.dataset.interactions import Split
from tests.assets.materialising.configuring import configured
from tests.assets.materialising.running_steps import QUIET, materialize, tags_of
from tests.corpus.healthy_folder import FEW_TRIALS
from tests.corpus.made_home import another_version


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def current(workspace: Workspace, name: str) -> str:
    record = Store(workspace.store_directory).current(name)
    assert record is not None
    return record.origin.version


ANOTHER_SEED = {"resources": {"parameters": {"config": {"split": {"seed": 4711}}}}}
"""What a person types into the launchpad."""


def test_a_split_of_another_seed_has_its_own_version_and_the_plan_says_why_it_is_not_the_configurations(
    up_to_date: Workspace, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    before = current(up_to_date, "split")

    result = materialize(up_to_date, "split", instance=instance, run_config=ANOTHER_SEED)

    assert result.success
    version = tags_of(result, "split")["dagster/data_version"]
    assert current(up_to_date, "split") == version != before
    store = Store(up_to_date.store_directory)
    record = store.record("split", version)
    assert record is not None
    assert record.parts["parameters"]["split"]["seed"] == 4711
    assert store.load("split", Split, version).summary != store.load("split", Split, before).summary
    work = plan(World(up_to_date))
    (cause,) = work.causes
    assert cause.startswith("split: parameters of 'split' changed: seed 4711 → ")
    of_the_launchpad = configured(up_to_date, tmp_path, "split: {seed: 4711}")
    assert "split" not in plan(World(of_the_launchpad)).stale, "it is current for whoever asked for it"


def test_the_default_parameters_again_bring_back_the_former_version(
    up_to_date: Workspace, instance: dg.DagsterInstance
) -> None:
    before = current(up_to_date, "split")
    assert materialize(up_to_date, "split", instance=instance, run_config=ANOTHER_SEED).success

    assert materialize(up_to_date, "split", instance=instance).success

    assert current(up_to_date, "split") == before
    assert plan(World(up_to_date)).stale == {}


@pytest.fixture
def persistent(
    settings: Settings, up_to_date: Workspace, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    for name, value in settings.as_environment().items():
        monkeypatch.setenv(name, value)
    with open_instance(settings) as made:
        yield made


def execute(instance: dg.DagsterInstance, *, again: str | None = None) -> dg.DagsterRun:
    """A run of ``split`` through the pipeline's job; of all its steps once more when a run is to be executed again."""
    with dg.execute_job(
        dg.reconstructable(pipeline_job),
        instance=instance,
        asset_selection=[dg.AssetKey("split")] if again is None else None,
        reexecution_options=dg.ReexecutionOptions(again) if again else None,
        run_config=QUIET,
        raise_on_error=False,
    ) as result:
        assert result.success
        run = instance.get_run_by_id(result.run_id)
    assert run is not None
    return run


def used_by(instance: dg.DagsterInstance, run: dg.DagsterRun, upstream: str) -> str:
    found = instance.fetch_materializations(dg.AssetRecordsFilter(dg.AssetKey("split")), limit=10).records
    (event,) = [record.event_log_entry for record in found if record.run_id == run.run_id]
    assert event.asset_materialization is not None
    return event.asset_materialization.tags[f"dagster/input_data_version/{upstream}"]


def test_a_run_executed_again_takes_the_pins_of_its_parent_and_one_after_that_too(
    persistent: dg.DagsterInstance, up_to_date: Workspace
) -> None:
    used = current(up_to_date, "user_item_matrix")
    run = execute(persistent)
    another_version(up_to_date, "user_item_matrix")
    for _ in range(2):
        again = execute(persistent, again=run.run_id)
        assert again.parent_run_id == run.run_id
        assert used_by(persistent, again, "user_item_matrix") == used
        run = again


def test_a_run_of_its_own_takes_what_is_current(persistent: dg.DagsterInstance, up_to_date: Workspace) -> None:
    execute(persistent)
    newer = another_version(up_to_date, "user_item_matrix")

    assert used_by(persistent, execute(persistent), "user_item_matrix") == newer


def test_a_run_keeps_the_configuration_that_it_was_asked_for_with(
    persistent: dg.DagsterInstance, up_to_date: Workspace, settings: Settings
) -> None:
    run = execute(persistent)
    assert settings.config_file is not None
    settings.config_file.write_text(f"{FEW_TRIALS}split: {{seed: 4711}}\n")

    execute(persistent, again=run.run_id)

    record = Store(up_to_date.store_directory).current("split")
    assert record is not None
    assert record.parts["parameters"]["split"]["seed"] == 0


def test_a_value_out_of_range_ends_the_run_before_any_step(up_to_date: Workspace, instance: dg.DagsterInstance) -> None:
    config = {"resources": {"parameters": {"config": {"split": {"seed": -1}}}}}
    with pytest.raises(RefusedParameterError) as raised:
        materialize(up_to_date, "split", instance=instance, run_config=config)

    assert str(raised.value) == (
        "resources.parameters: SplitParameters: seed = -1: input should be greater than or equal to 0; "
        "expected at least 0 and less than 9223372036854775808"
    )
