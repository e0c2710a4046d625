"""A home of its own for each test, and an environment that is as it was afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.workspace import Workspace
from pipelines.settings import Settings
from tests.corpus.made_home import copy_home, settings_in, without_settings


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Runs write their places into the environment: take them out again, and begin without any."""
    with without_settings():
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def data_dir(settings: Settings) -> Path:
    return settings.data_dir


@pytest.fixture
def up_to_date(settings: Settings, made_home: Path) -> Workspace:
    """A workspace in which every asset has the value that its inputs call for."""
    return copy_home(made_home, settings)
