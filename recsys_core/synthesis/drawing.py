"""Random numbers that depend on the seed, on what is drawn and on the block, and so not on who draws it when."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["FACTORS", "FACTOR_WEIGHTS", "Stage", "generator", "gumbel"]

FACTORS = 16
FACTOR_WEIGHTS = (0.9 ** np.arange(FACTORS) / np.sqrt((0.81 ** np.arange(FACTORS)).sum())).astype(np.float32)
"""Of the planted dimensions of taste; the affinity of a person and a movie has variance 1."""


class Stage(IntEnum):
    CATALOGUE = 0
    TITLES = 1
    PEOPLE = 2
    FIRST_RATINGS = 3
    RATINGS = 4
    TAGS = 5
    GENOME = 6


def generator(seed: int, stage: Stage, block: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence((seed, stage, block))))


def gumbel(random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Noise that makes the largest of scores a draw with chances ∝ exp(score)."""
    noise: NDArray[np.float32] = -np.log(random.standard_exponential(shape, dtype=np.float32) + np.float32(1e-20))
    return noise
