"""Random numbers that depend on the seed, on what is drawn and on the block, and so not on who draws it when."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["FACTORS", "FACTOR_WEIGHTS", "Stage", "directions", "generator", "gumbel"]

FACTORS = 16
_DECAY = 0.85  # from one dimension of taste to the next
FACTOR_WEIGHTS = _DECAY ** np.arange(FACTORS, dtype=np.float32)
FACTOR_WEIGHTS /= np.linalg.norm(FACTOR_WEIGHTS)
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


def directions(random: np.random.Generator, n: int) -> NDArray[np.float32]:
    """(n, FACTORS): what genres and words mean, mostly in the dimensions that count; movies vary by 1 along each."""
    drawn: NDArray[np.float32] = random.standard_normal((n, FACTORS), dtype=np.float32) * FACTOR_WEIGHTS
    return drawn
