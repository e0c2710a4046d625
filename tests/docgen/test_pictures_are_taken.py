"""Our own page, Dagster's and MLflow's are photographed by the commands that take the pictures of docs/."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from docgen import web_page
from docgen.browser import find_chromium
from pipelines.settings import REPOSITORY, Settings
from registry.tracking import DEFAULT_EXPERIMENT
from tests.corpus.made_home import copy_home
from tests.ui.stub_api import running_stub

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("few_trials_environment")]


def size_of(picture: Path) -> tuple[int, int]:
    with Image.open(picture) as opened:
        return opened.size


def photograph(command: str, *arguments: str | Path) -> None:
    """In a process of its own: Playwright keeps an event loop running in its thread."""
    if find_chromium() is None and os.environ.get("CI") != "true":
        pytest.skip("no Chromium or Chrome is installed (Debian: apt-get install chromium)")
    said = [sys.executable, "-m", command, *map(str, arguments)]
    done = subprocess.run(said, cwd=REPOSITORY, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_web_page_is_photographed_before_an_api(tmp_path: Path) -> None:
    with running_stub() as stub:
        photograph(
            "docgen.web_page", "--api", stub.url, "--home", tmp_path, "--out", tmp_path / "out", "--only", "model"
        )
    taken = {path.name: size_of(path) for path in (tmp_path / "out").iterdir()}
    assert taken == {f"page_model{suffix}.png": size for suffix, size in web_page.SIZES.items()}


def test_dagsters_and_mlflows_pages_and_the_plots_are_photographed(made_home: Path, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home", made_home / "data", config_file=made_home / "small.yaml")
    client = copy_home(made_home, settings).tracking().client
    experiment = client.get_experiment_by_name(DEFAULT_EXPERIMENT).experiment_id
    older = client.create_run(experiment, start_time=1, tags={"model_version": "0"}).info.run_id
    client.log_metric(older, "ndcg_at_10", 0.1)
    client.set_terminated(older)
    wanted = {"models_by_metric", "lineage_groups", "mlflow_tuning"}
    only = [argument for name in sorted(wanted) for argument in ("--only", name)]
    photograph("docgen.pictures", "--home", settings.home, "--out", tmp_path / "out", *only)
    taken = {path.stem: size_of(path) for path in (tmp_path / "out").iterdir()}
    assert taken.keys() == wanted
    assert min(width for width, _ in taken.values()) >= 500
