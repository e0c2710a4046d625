"""Words whose number grows with the text, as in real ones (Heaps's law), and agrees with what they are about."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_core.synthesis.drawing import directions, gumbel

__all__ = ["Vocabulary", "spelled"]

_CONSONANTS = "bdfgklmnprstvz"
_SYLLABLES = [consonant + vowel for consonant in _CONSONANTS for vowel in "aeiou"]
_LARGEST = 1 << 40
_CANDIDATES = 4
_MEANINGS = 4_096
_STRENGTH = 2.0  # how much it counts that a word agrees


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Words by rank, drawn by the law of Zipf and Mandelbrot: p(rank) ∝ (rank + offset)^-exponent, without an end.

    meanings  (_MEANINGS, FACTORS): which tastes a word belongs to; rarer words repeat them
    """

    exponent: float
    offset: float
    meanings: NDArray[np.float32]

    @classmethod
    def drawn(cls, random: np.random.Generator, *, exponent: float, offset: float) -> "Vocabulary":
        return cls(exponent, offset, directions(random, _MEANINGS))

    def draw(self, random: np.random.Generator, about: NDArray[np.float32]) -> NDArray[np.int64]:
        """A rank for each row of ``about`` (n, FACTORS): of some candidates the one that agrees best, by and large."""
        uniform = random.random((_CANDIDATES, len(about)))
        ranks = self.offset * (np.maximum(uniform, 1e-15) ** (-1 / (self.exponent - 1)) - 1)
        candidates = np.minimum(ranks, _LARGEST).astype(np.int64)
        fit = np.stack([np.einsum("nk,nk->n", about, self.meanings[ranks % _MEANINGS]) for ranks in candidates])
        fit = _STRENGTH * fit + gumbel(random, fit.shape)
        chosen: NDArray[np.int64] = np.take_along_axis(candidates, fit.argmax(axis=0)[None], axis=0)[0]
        return chosen


def spelled(rank: int) -> str:
    """A word of two syllables or more for each whole number from 0 on; no two have the same."""
    base = len(_SYLLABLES)
    syllables = []
    number = rank + base  # so that the shortest has two
    while number >= 0:
        number, syllable = divmod(number, base)
        syllables.append(_SYLLABLES[syllable])
        number -= 1
    return "".join(reversed(syllables))
