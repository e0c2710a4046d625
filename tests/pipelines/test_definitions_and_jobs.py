"""The code location loads from both files, and jobs, schedules and sensors are what they say."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.errors import ScheduleExecutionError

from pipelines.automation import out_of_date
from pipelines.definitions import build_definitions
from pipelines.settings import Settings
from recsys_core.errors import ParameterError
from tests.assets.asset_graph import asset_graph

REPOSITORY = Path(__file__).parents[2]
_OWN = "name: books\nfeedback: {scale: [1, 10]}\ninteractions: {file: ratings.csv}\nitems: {file: movies.csv}\n"


@pytest.fixture
def definitions(settings: Settings) -> dg.Definitions:
    return build_definitions(settings)


@pytest.mark.parametrize(
    ("job", "groups"),
    [
        ("pipeline", {"raw", "validated", "features", "models", "evaluation", "release"}),
        ("data", {"raw", "validated", "features"}),
        ("training", {"models", "evaluation", "release"}),
    ],
)
def test_a_job_makes_the_assets_of_its_groups_with_their_checks(
    definitions: dg.Definitions, job: str, groups: set[str]
) -> None:
    layer = definitions.resolve_job_def(job).asset_layer

    assert {key.to_user_string() for key in layer.selected_asset_keys} == {
        name for name, asset in asset_graph().items() if asset["group"] in groups
    }
    n_checks = sum(len(asset["checks"]) for asset in asset_graph().values() if asset["group"] in groups)
    assert len(layer.asset_graph.asset_check_keys) >= n_checks > 0


def test_everything_in_the_code_location_has_a_description(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    for name in ("pipeline", "data", "training", "bring_up_to_date"):
        assert repository.get_job(name).description
    assert [schedule.name for schedule in repository.schedule_defs] == ["retraining"]
    assert [sensor.name for sensor in repository.sensor_defs] == ["ended_runs", "out_of_date"]
    assert all(found.description for found in (*repository.schedule_defs, *repository.sensor_defs))


@pytest.mark.parametrize("job", ["pipeline", "data"])
def test_with_a_broken_declaration_the_location_loads_and_its_one_asset_says_what_is_wrong(
    settings: Settings, caplog: pytest.LogCaptureFixture, job: str
) -> None:
    def said(by: dg.Definitions) -> list[str]:
        with dg.DagsterInstance.ephemeral() as instance:
            result = by.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False)
        failed = [event.step_failure_data.user_failure_data for event in result.all_events if event.is_step_failure]
        return [data.description or "" for data in failed if data is not None]

    file = settings.data_dir / "dataset.yaml"
    file.write_text(_OWN + "film: {}\n", encoding="utf-8")
    definitions = build_definitions(settings)
    repository = definitions.get_repository_def()
    wrong = f"data set {file}: film is not known"
    assert wrong in caplog.text
    (asset,) = repository.asset_graph.asset_nodes
    assert asset.key.to_user_string() == "declaration"
    assert (asset.description or "").startswith(wrong)
    (told,) = said(definitions)
    assert told.startswith(wrong)
    assert [schedule.name for schedule in repository.schedule_defs] == ["retraining"]
    with dg.build_schedule_context() as context, pytest.raises(ScheduleExecutionError) as failed:
        repository.schedule_defs[0].evaluate_tick(context)
    assert wrong in str(failed.value.__cause__)

    file.write_text(_OWN, encoding="utf-8")
    assert said(definitions) == ["the declaration is mended; reload the code location"]
    assert len([*build_definitions(settings).get_repository_def().asset_graph.get_all_asset_keys()]) > 20


def test_the_sensor_says_what_is_wrong_with_a_declaration_and_then_to_reload(settings: Settings) -> None:
    file = settings.data_dir / "dataset.yaml"
    file.write_text(_OWN + "film: {}\n", encoding="utf-8")
    repository = build_definitions(settings).get_repository_def()

    def says() -> str:
        with dg.DagsterInstance.ephemeral() as instance:
            given = {"workspace": settings.workspace()}
            found = out_of_date(dg.build_sensor_context(instance, repository_def=repository, resources=given))
        assert isinstance(found, dg.SkipReason)
        return found.skip_message or ""

    assert says().startswith(f"data set {file}: film is not known")
    file.unlink()
    assert says() == "tables are called otherwise since the code was loaded: reload the code location"


def test_definitions_are_whole(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


@pytest.mark.parametrize(("executor", "name"), [("in_process", "in_process"), ("multiprocess", "multiprocess")])
def test_the_executor_is_the_one_in_the_settings(settings: Settings, executor: str, name: str) -> None:
    chosen = Settings(settings.home, settings.data_dir, executor=executor)

    job = build_definitions(chosen).resolve_job_def("pipeline")

    assert job.executor_def.name == name


def test_the_pipeline_is_run_by_the_clock_on_mondays_unless_told_otherwise(settings: Settings) -> None:
    def schedule(of: Settings) -> dg.ScheduleDefinition:
        (found,) = build_definitions(of).get_repository_def().schedule_defs
        return found

    assert (schedule(settings).cron_schedule, schedule(settings).execution_timezone) == ("0 3 * * 1", "UTC")
    assert schedule(settings).job_name == "pipeline"
    hourly = Settings(settings.home, settings.data_dir, retrain_cron="7 * * * *")
    assert schedule(hourly).cron_schedule == "7 * * * *"


def test_the_weekly_run_has_the_parameters_of_what_is_declared_now(settings: Settings) -> None:
    (found,) = build_definitions(settings).get_repository_def().schedule_defs
    (settings.data_dir / "dataset.yaml").write_text(_OWN, encoding="utf-8")

    with dg.build_schedule_context() as context:
        (request,) = found.evaluate_tick(context).run_requests or []

    relevance = request.run_config["resources"]["parameters"]["config"]["relevance"]
    assert relevance["positive_threshold"] == 7.75


@pytest.mark.parametrize("cron", ["every day", "61 * * * *", "* * * *", "0 3 * * 1 2026 7"])
def test_a_wrong_cron_is_named_with_an_example(settings: Settings, cron: str) -> None:
    with pytest.raises(ParameterError, match=rf"RECSYS_RETRAIN_CRON is {re.escape(repr(cron))}, expected minute.*0 3"):
        build_definitions(Settings(settings.home, settings.data_dir, retrain_cron=cron))


def test_both_files_name_the_same_code_location() -> None:
    workspace = yaml.safe_load((REPOSITORY / "workspace.yaml").read_text())
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["dagster"]
    assert workspace["load_from"] == [
        {"python_module": {"module_name": project["module_name"], "location_name": project["code_location_name"]}}
    ]
    assert project["module_name"] == "pipelines.definitions"


@pytest.mark.parametrize("file", ["workspace.yaml", "pyproject.toml"])
def test_dagster_loads_the_code_location_from(file: str, tmp_path: Path) -> None:
    """pyproject.toml is found in the folder; workspace.yaml is given, from any folder."""
    arguments = ["-w", str(REPOSITORY / file)] if file == "workspace.yaml" else []
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate", *arguments],
        cwd=tmp_path if arguments else REPOSITORY,
        env={"PATH": "/usr/bin:/bin", "RECSYS_HOME": str(tmp_path / "home"), "DAGSTER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Validation successful for code location recsys" in done.stdout + done.stderr
