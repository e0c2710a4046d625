"""One small made data set for the tests of this room."""

from collections.abc import Callable
from pathlib import Path

import pytest

from recsys_core.synthesis import Shape, write_folder

SHAPE = Shape.of(100_000, n_movies=4_000)


@pytest.fixture(scope="session")
def shape() -> Shape:
    return SHAPE


@pytest.fixture(scope="session")
def made(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    return made_once("synthetic", lambda folder: write_folder(folder, SHAPE, seed=3))
