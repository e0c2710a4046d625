"""The pages as a person sees them: real servers on a small home, and a real browser without a screen."""

import os
from collections.abc import Iterator
from threading import Event

import pytest
from playwright.sync_api import Browser, expect

from bench.process import free_port
from docgen.browser import chromium, find_chromium
from pipelines.services import Ports, Services, development_services
from pipelines.settings import Settings
from tests.corpus.healthy_folder import write_healthy_folder
from tests.corpus.made_home import without_settings

_FEW_TRIALS = """\
tuning:
  n_trials_als: 1
  n_trials_ease: 1
  n_trials_blend: 2
  n_trials_gate: 1
  als: {factors: 8, iterations: 3}
evaluation: {n_bootstrap: 50}
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if find_chromium() is None and os.environ.get("CI") != "true":
        pytest.skip("no Chromium or Chrome is installed (Debian: apt-get install chromium)")
    expect.set_options(timeout=40_000)  # the default of five seconds is short on a busy machine
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home in which nothing has been made yet, and a folder of CSV files."""
    folder = tmp_path_factory.mktemp("browser")
    write_healthy_folder(folder / "data")
    config = folder / "few_trials.yaml"
    config.write_text(_FEW_TRIALS, encoding="utf-8")
    return Settings(home=folder / "home", data_dir=folder / "data", config_file=config)


@pytest.fixture(scope="module")
def pages(settings: Settings) -> Iterator[dict[str, str]]:
    """Addresses of Dagster's and MLflow's page, as `recsys dev` starts them."""
    servers = development_services(settings, Ports(*(free_port() for _ in range(4))))[:2]
    with without_settings(), Services(settings, servers) as services:
        services.wait_until_ready(Event())
        yield {"dagster": servers[0].url, "mlflow": servers[1].url}
