"""A small folder measured with a few configurations: to see what is done, not how well."""

from pathlib import Path

import pytest

from bench.accuracy.data import Bundle, load_data
from bench.accuracy.folds import FinalPart, Rounds, final_part, rounds_of
from bench.accuracy.settings import Settings
from recsys_core.sources.als import ALSParameters
from recsys_core.tuning import TuningParameters
from tests.corpus.healthy_folder import write_healthy_folder

SMALL = TuningParameters(
    n_trials_als=1, n_trials_ease=1, n_trials_blend=2, n_trials_gate=1, als=ALSParameters(factors=8, iterations=3)
)


@pytest.fixture(scope="session")
def small_settings() -> Settings:
    return Settings(seed=1, tuning=SMALL, cut_offs=(0.2, 0.4, 0.6, 0.8))


@pytest.fixture(scope="session")
def small_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    workspace: Path = tmp_path_factory.mktemp("bench")
    write_healthy_folder(workspace / "data")
    return load_data(workspace, workspace / "data")


@pytest.fixture(scope="session")
def rounds(small_bundle: Bundle, small_settings: Settings) -> Rounds:
    """Of fold 0."""
    return rounds_of(small_bundle, small_settings.splitting(0), small_settings)


@pytest.fixture(scope="session")
def part(small_bundle: Bundle, small_settings: Settings) -> FinalPart:
    """What is judged in fold 0."""
    return final_part(small_bundle, small_settings.splitting(0), small_settings)


@pytest.fixture(scope="session")
def small_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where finished folds stay, for tests that want figures and not how they are made."""
    return tmp_path_factory.mktemp("workspace")
