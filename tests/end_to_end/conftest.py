"""The command `recsys` as a person calls it: a process of its own, with no setting from outside."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.corpus.healthy_folder import FEW_TRIALS
from tests.corpus.made_home import without_settings
from tests.end_to_end.calling import OURS
from tests.end_to_end.two_runs import Undisturbed, run_undisturbed


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


@pytest.fixture(scope="session")
def undisturbed(made_home: Path, made_once: Callable[[str, Callable[[Path], None]], Path]) -> Undisturbed:
    """Homes in which runs came to their end with nobody beside them; the same for all workers. Only to copy."""
    folder = made_once("undisturbed", partial(run_undisturbed, made_home))
    return Undisturbed.read(made_home, folder)
