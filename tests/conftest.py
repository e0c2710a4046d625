"""Options of the whole suite, and one small home for all of it in which the pipeline was run."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings as hypothesis_settings
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider
from hypothesis.internal.constants_ast import Constants

from tests.collecting import without_work


class _SteadyProvider(HypothesisProvider):
    """Draws without the constants of whatever modules a process has imported: which those are, its other tests say."""

    _local_constants = Constants()


# The same examples in every run, however busy the machine is and whatever tests share a process.
AVAILABLE_PROVIDERS["hypothesis"] = _SteadyProvider
hypothesis_settings.register_profile("steady", deadline=None, derandomize=True)
hypothesis_settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="takes minutes; run with --slow (make test-slow)")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    with without_work():
        return (yield)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Makes a folder of this name, whichever worker needs it first; answers where it is."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def once(name: str, make: Callable[[Path], None]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                make(folder)
                done.touch()
        return folder

    return once


@pytest.fixture(scope="session")
def made_home(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A folder with ``data``, ``small.yaml`` and ``home``; the same for all workers. Only to copy."""
    from tests.corpus.made_home import make_home

    return made_once("made", make_home)


@pytest.fixture
def few_trials_environment(made_home: Path) -> Iterator[None]:
    """No setting of ours from outside, and few trials for whatever runs the pipeline."""
    from tests.corpus.made_home import without_settings

    with without_settings():
        os.environ["RECSYS_CONFIG"] = str(made_home / "small.yaml")
        yield
