"""The pictures of the README and of docs/operating.md, taken from the running program.

    python -m docgen.pictures [--home DIR] [--only lineage]

Runs the pipeline twice on the bundled data (a plain model first, then the tuned one, so that there is something to
compare), starts the Dagster and MLflow pages, and photographs them. A home that has two runs is used as it is.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from playwright.sync_api import Browser, FloatRect, Locator, Page

from bench.options import options
from bench.process import free_port, recsys
from docgen.browser import chromium, new_page, save_picture
from pipelines.services import Ports, Services, development_services
from pipelines.settings import Settings
from registry.tracking import DEFAULT_EXPERIMENT

__all__ = ["main"]

PLAIN: Final = "tuning: {ease: null, n_trials_als: 1, n_trials_blend: 1, n_trials_gate: 1}\n"
"""The first run's configuration: no EASE in the blend, and the defaults as the only trial of each stage."""
GROUPS: Final = ("outside", "raw", "validated", "features", "models", "evaluation", "release")


@dataclass(frozen=True, slots=True)
class Studio:
    """What a picture needs: the browser, where the pages are, the two runs (older first), where pictures go."""

    browser: Browser
    dagster: str
    mlflow: str
    home: Path
    runs: list[Run]
    out: Path

    @property
    def runs_path(self) -> str:
        """MLflow's page of all runs: child runs are folded up below their parents."""
        return f"/experiments/{self.runs[0].info.experiment_id}/runs"

    def take(self, name: str, page: Page, height: float | None = None) -> None:
        """Photograph what is in sight of a page, or its first ``height`` pixels, once nothing moves."""
        _settle(page)
        width = (page.viewport_size or {"width": 0})["width"]
        clip: FloatRect | None = {"x": 0, "y": 0, "width": width, "height": height} if height else None
        save_picture(page.screenshot(clip=clip), self.out / f"{name}.png")

    @contextmanager
    def dagster_page(self, path: str, width: int, height: int, facets: str | None = None) -> Iterator[Page]:
        """Dagster's page without its navigation; ``facets`` choose what nodes of the graph show."""
        remembered = {"asset-node-facets": facets} if facets else {}
        with new_page(self.browser, width, height, remembered=remembered) as page:
            page.goto(self.dagster + "/settings")
            page.get_by_text("Hide navigation").click()
            page.goto(self.dagster + path)
            yield page

    @contextmanager
    def mlflow_page(self, path: str, width: int, height: int) -> Iterator[Page]:
        """MLflow's page without its navigation."""
        with new_page(self.browser, width, height) as page:
            page.goto(f"{self.mlflow}/#{path}")
            page.get_by_role("button", name="Toggle sidebar").click()
            page.get_by_role("button", name="MLflow Assistant").evaluate("element => element.style.display = 'none'")
            yield page


def lineage(studio: Studio) -> None:
    """All assets, group by group, from left to right."""
    expanded = ",".join(f"global@global:{group}" for group in GROUPS)
    with studio.dagster_page(f"/asset-groups?expanded={expanded}", 2400, 2400, facets='["status"]') as page:
        page.get_by_text("recommendations", exact=True).first.wait_for()
        _settle(page)
        clip = _around_all(page.locator("svg foreignObject"), margin=6)
        save_picture(page.screenshot(clip=clip), studio.out / "lineage.png")


def lineage_groups(studio: Studio) -> None:
    """The six groups alone, as the page shows them first."""
    with studio.dagster_page("/asset-groups", 1600, 500) as page:
        page.get_by_text("release", exact=True).last.wait_for()
        studio.take("lineage_groups", page)


def evaluation_asset(studio: Studio) -> None:
    """The evaluation's page: tables in its metadata, scrolled past the list of columns."""
    with studio.dagster_page("/assets/evaluation", 2000, 1250) as page:
        page.get_by_text("hybrid_minus_others").wait_for()
        _scroll_to(page.get_by_text("Filter metadata keys").or_(page.get_by_placeholder("Filter metadata keys")))
        studio.take("evaluation_asset", page)


def evaluation_history(studio: Studio) -> None:
    """The headline of the evaluation over the runs, as Dagster plots it."""
    with studio.dagster_page("/assets/evaluation", 1600, 1250) as page:
        page.get_by_text("Plots", exact=True).click()
        _scroll_to(page.get_by_text("ndcg_at_10", exact=True).first)
        studio.take("evaluation_history", page)


def mlflow_charts(studio: Studio) -> None:
    """The same metrics of both runs side by side."""
    with studio.mlflow_page(studio.runs_path + "?compareRunsMode=CHART", 1800, 640) as page:
        search = page.get_by_placeholder("Search metric charts")
        search.fill("^(ndcg|recall|coverage)_at_10$")
        page.get_by_text("(3)", exact=True).wait_for()
        search.blur()
        studio.take("mlflow_charts", page)


def mlflow_tuning(studio: Studio) -> None:
    """The searches of one run: the value of each trial, and the best so far."""
    run = studio.runs[-1].info
    with studio.mlflow_page(f"{studio.runs_path}/{run.run_id}/model-metrics", 1600, 1350) as page:
        page.get_by_text("gate.value", exact=True).wait_for()
        studio.take("mlflow_tuning", page)


def mlflow_comparison(studio: Studio) -> None:
    """Two runs compared: parallel coordinates and the parameters that differ.

    Without the list of metrics below: scrolled, MLflow's list shows names and values of different rows.
    """
    ids = ",".join(f'"{run.info.run_id}"' for run in reversed(studio.runs))
    experiment = studio.runs[0].info.experiment_id
    with studio.mlflow_page(f'/compare-runs?runs=[{ids}]&experiments=["{experiment}"]', 1600, 1850) as page:
        page.get_by_text("Run details").wait_for()
        page.get_by_text("Show diff only").first.click()
        _settle(page)
        end = page.get_by_text("Metrics", exact=True).last.bounding_box()
        assert end is not None, "the heading of the list of metrics is not in sight"
        studio.take("mlflow_comparison", page, end["y"] - 10)


def models_by_metric(studio: Studio) -> None:
    """The plot that the newest run has logged."""
    logged = _client(studio.home).download_artifacts(studio.runs[-1].info.run_id, "plots/models_by_metric.png")
    save_picture(Path(logged).read_bytes(), studio.out / "models_by_metric.png")


PICTURES: Final[tuple[Callable[[Studio], None], ...]] = (
    *(models_by_metric, lineage, lineage_groups, evaluation_asset, evaluation_history),
    *(mlflow_charts, mlflow_tuning, mlflow_comparison),
)


def _scroll_to(element: Locator) -> None:
    element.evaluate("element => element.scrollIntoView({block: 'start'})")


def _around_all(elements: Locator, margin: float) -> FloatRect:
    """The rectangle that holds all ``elements`` and ``margin`` pixels around them."""
    boxes = [box for element in elements.all() if (box := element.bounding_box())]
    left, top = min(box["x"] for box in boxes) - margin, min(box["y"] for box in boxes) - margin
    right = max(box["x"] + box["width"] for box in boxes) + margin
    bottom = max(box["y"] + box["height"] for box in boxes) + margin
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def _settle(page: Page) -> None:
    """Wait for drawing and animations to end; the mouse where it lights nothing up."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(3000)


def _client(home: Path) -> MlflowClient:
    return MlflowClient(Settings.from_environment(home=home).workspace().tracking().tracking_uri)


def _parent_runs(home: Path) -> list[Run]:
    """Finished runs of the whole pipeline, older first."""
    if not (home / "mlflow").is_dir():
        return []
    client = _client(home)
    experiment = client.get_experiment_by_name(DEFAULT_EXPERIMENT)
    wanted = "attributes.status = 'FINISHED' AND tags.model_version != ''"
    runs = client.search_runs([experiment.experiment_id], wanted, max_results=1000) if experiment else []
    return sorted((run for run in runs if "ndcg_at_10" in run.data.metrics), key=lambda run: run.info.start_time)


def _prepare(home: Path) -> list[Run]:
    if len(_parent_runs(home)) < 2:
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / "plain.yaml"
            plain.write_text(PLAIN, encoding="utf-8")
            recsys(["run", "--home", str(home), "--config", str(plain)])
        recsys(["run", "--home", str(home)])
    runs = _parent_runs(home)
    if len(runs) < 2:
        raise SystemExit(f"home {home} has {len(runs)} finished runs after two were made; give an empty --home")
    return runs[-2:]


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("docgen.pictures", __doc__, "docs/images")
    parser.add_argument("--home", type=Path, help="home with two runs, or to make them in (default: a temporary one)")
    parser.add_argument("--only", action="append", choices=[take.__name__ for take in PICTURES], help="just these")
    arguments = parser.parse_args(argv)
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    home = (arguments.home or Path(tempfile.mkdtemp(prefix="recsys-pictures-"))).resolve()
    try:
        runs = _prepare(home)
        arguments.out.mkdir(parents=True, exist_ok=True)
        settings = Settings.from_environment(home=home)
        servers = development_services(settings, Ports(*(free_port() for _ in range(4))))[:2]
        with Services(settings, servers) as services, chromium() as browser:
            services.wait_until_ready(threading.Event())
            studio = Studio(browser, servers[0].url, servers[1].url, home, runs, arguments.out)
            for take in PICTURES:
                if not arguments.only or take.__name__ in arguments.only:
                    take(studio)
    finally:
        if arguments.home is None:
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
