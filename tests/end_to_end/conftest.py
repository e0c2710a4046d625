"""The command `recsys` as a person calls it: a process of its own, with no setting from outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.corpus.healthy_folder import FEW_TRIALS
from tests.corpus.made_home import without_settings
from tests.end_to_end.calling import OURS


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """An environment without our settings, and put back as it was."""
    with without_settings(OURS):
        yield


@pytest.fixture(scope="session")
def small_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few trials, for tests that ask what is done and not how well."""
    path = tmp_path_factory.mktemp("config") / "small.yaml"
    path.write_text(FEW_TRIALS)
    return path
