"""A home of its own for each test, and an environment that is as it was afterwards."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.declaring import RECIPES, current_parts
from assets.documents import Document
from assets.versions import derive_version
from assets.workspace import Workspace
from pipelines.planning import plan
from pipelines.settings import Settings
from tests.corpus.healthy_folder import write_healthy_folder

_OURS = ("RECSYS_", "DAGSTER_", "MLFLOW_TRACKING")


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Runs write their places into the environment: take them out again, and begin without any."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(_OURS):
            del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    write_healthy_folder(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def settings(tmp_path: Path, data_dir: Path) -> Settings:
    return Settings(home=tmp_path / "home", data_dir=data_dir)


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_healthy_folder(folder / "data")
    workspace = Settings(home=folder / "home", data_dir=folder / "data").workspace()
    for name in plan(workspace).stale:
        parts = current_parts(workspace, RECIPES[name])
        workspace.store.put(name, derive_version(parts), Document({}), parts=parts)
    return folder / "home"


@pytest.fixture
def up_to_date(settings: Settings, made_home: Path) -> Workspace:
    """A workspace in which every asset has a value (an empty one) under the version that its inputs call for."""
    shutil.copytree(made_home, settings.home)
    return settings.workspace()
