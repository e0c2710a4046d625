"""What a person does in the Dagster and MLflow pages, done in a browser: materialise, look at a plot, compare runs."""

import time
from collections.abc import Iterator

import dagster as dg
import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from playwright.sync_api import Browser, Locator, Page

from docgen.browser import new_page
from pipelines.settings import Settings
from registry.interface import MODEL_NAME

pytestmark = [pytest.mark.slow, pytest.mark.timeout(360), pytest.mark.xdist_group("browser")]
RUN_SECONDS = 150
RAW_ASSETS = ["raw_ratings", "raw_movies", "raw_links", "raw_tags", "raw_genome_scores", "raw_genome_tags"]


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with new_page(browser, 1600, 1000) as opened:
        yield opened


@pytest.fixture(scope="module")
def instance(settings: Settings, pages: dict[str, str]) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as opened:
        yield opened


def press_materialize_all(page: Page, instance: dg.DagsterInstance) -> dg.DagsterRun:
    """Press the button on the graph, and wait until the run that it starts has ended."""
    before = set(instance.get_run_ids())
    page.get_by_role("button", name="Materialize all").click()
    deadline = time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        started = [run for run in instance.get_runs() if run.run_id not in before]
        if started and started[0].is_finished:
            return started[0]
        time.sleep(0.5)
    pytest.fail(f"no run that the page started has ended within {RUN_SECONDS} s: {started}")


def materialized(instance: dg.DagsterInstance, run: dg.DagsterRun) -> set[str]:
    records = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    return {entry.get_dagster_event().asset_key.to_user_string() for entry in records}


def open_graph(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_text("raw", exact=True).or_(page.get_by_text("raw_ratings", exact=True)).first.wait_for()


def test_one_group_is_materialized_alone(page: Page, pages: dict[str, str], instance: dg.DagsterInstance) -> None:
    open_graph(page, f"{pages['dagster']}/asset-groups")
    page.locator(".CodeMirror").first.click()
    page.keyboard.type('group:"raw"')
    page.keyboard.press("Enter")
    page.get_by_text("validated", exact=True).first.wait_for(state="hidden")

    run = press_materialize_all(page, instance)

    assert run.status == dg.DagsterRunStatus.SUCCESS
    assert materialized(instance, run) == set(RAW_ASSETS)


def test_assets_are_materialized_from_the_page(page: Page, pages: dict[str, str], instance: dg.DagsterInstance) -> None:
    open_graph(page, f"{pages['dagster']}/asset-groups")
    for group in ("raw", "validated", "features", "models", "evaluation", "release"):
        assert page.get_by_text(group, exact=True).count()

    run = press_materialize_all(page, instance)

    assert run.status == dg.DagsterRunStatus.SUCCESS
    assert {
        *RAW_ASSETS,
        "ratings",
        "hybrid_model",
        "evaluation",
        "registered_model",
        "recommendations",
    } <= materialized(instance, run)
    page.goto(f"{pages['dagster']}/runs/{run.run_id}")
    page.get_by_text("Success", exact=True).first.wait_for()


def test_plot_of_the_evaluation_opens_on_its_page(page: Page, pages: dict[str, str]) -> None:
    page.goto(f"{pages['dagster']}/assets/evaluation")
    page.get_by_role("row").filter(has_text="models_by_metric").get_by_text("[Show Markdown]").click()
    plot = page.get_by_role("img", name="models by metric")
    plot.wait_for()
    assert plot.evaluate("image => image.complete && image.naturalWidth") > 500
    dialog = page.get_by_role("dialog").last.bounding_box()
    shown = plot.bounding_box()
    assert dialog is not None
    assert shown is not None
    assert shown["x"] + shown["width"] <= dialog["x"] + dialog["width"], "the dialog cuts the plot off"


def test_expectations_are_listed_on_the_checks_of_the_ratings(page: Page, pages: dict[str, str]) -> None:
    page.goto(f"{pages['dagster']}/assets/ratings?view=checks")
    page.get_by_text("expect_column_values_to_be_in_set").first.wait_for()
    assert page.get_by_text("Passed", exact=True).count()


def select_run(page: Page, name: str) -> None:
    row: Locator = page.get_by_role("row").filter(has_text=name)
    row.get_by_role("checkbox").first.click()


def two_runs(settings: Settings) -> list[Run]:
    """The run of the page and a second one, which an experimenter adds to the same experiment."""
    client = MlflowClient(settings.workspace().tracking().tracking_uri)
    (version,) = client.search_model_versions(f"name='{MODEL_NAME}'")
    of_the_page = client.get_run(str(version.run_id))
    other = client.create_run(of_the_page.info.experiment_id, run_name="pipeline of an experimenter")
    client.log_metric(other.info.run_id, "ndcg_at_10", 0.8128)
    client.log_param(other.info.run_id, "weights.ease", "0.125")
    client.set_terminated(other.info.run_id)
    return [of_the_page, client.get_run(other.info.run_id)]


def test_two_runs_are_compared_in_mlflow(page: Page, pages: dict[str, str], settings: Settings) -> None:
    runs = two_runs(settings)
    page.goto(f"{pages['mlflow']}/#/experiments/{runs[0].info.experiment_id}/runs")
    for run in runs:
        select_run(page, str(run.info.run_name))
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_text("Comparing 2 Runs").wait_for()

    for value in (run.data.metrics["ndcg_at_10"] for run in runs):
        page.get_by_text(f"{value:.5f}", exact=True).first.wait_for()  # the ends of the axis of the plot
