"""The tags that people apply, and the genome, which says how well tags fit."""

import numpy as np
from numpy.typing import NDArray

from recsys_core.synthesis.catalogue import Catalogue
from recsys_core.synthesis.choosing import Chosen
from recsys_core.synthesis.drawing import Stage, generator
from recsys_core.synthesis.people import END
from recsys_core.synthesis.words import Vocabulary, spelled

__all__ = ["Genome", "applied_tags", "tag_name", "tag_vocabulary"]

_TAGS = {"exponent": 1.5, "offset": 69.0}
_STEP = 0.00025  # of relevance
_SECONDS_AFTER = 600


def tag_vocabulary(seed: int) -> Vocabulary:
    return Vocabulary.drawn(generator(seed, Stage.TAGS), **_TAGS)


def tag_name(rank: int) -> str:
    """Every third tag has two words."""
    return f"{spelled(rank // 7)} {spelled(rank)}" if rank % 3 == 2 else spelled(rank)


def applied_tags(
    catalogue: Catalogue,
    vocabulary: Vocabulary,
    chosen: Chosen,
    moments: NDArray[np.int64],
    wanted: NDArray[np.int64],
    random: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Users of the block, items, ranks of tags, and times: ``wanted`` by each user, to movies that the user rated."""
    users = np.repeat(np.arange(len(wanted)), wanted)
    begins = np.searchsorted(chosen.users, np.arange(len(wanted) + 1))
    places = begins[users] + (random.random(len(users)) * np.diff(begins)[users]).astype(np.int64)
    places.sort()
    items = chosen.items[places]
    ranks = vocabulary.draw(random, catalogue.factors[items])
    while True:
        order = np.lexsort((ranks, items, users))
        ranks = ranks[order]
        again = (ranks[1:] == ranks[:-1]) & (places[1:] == places[:-1])
        if not again.any():
            break
        ranks[1:][again] += 1
    later = random.integers(1, _SECONDS_AFTER, len(users))
    return users, items, ranks, np.minimum(moments[places] + later, END)


class Genome:
    """Relevance of the commonest tags to movies, from 0 to 1: high where a tag means what a movie is like."""

    def __init__(self, vocabulary: Vocabulary, n_tags: int, seed: int) -> None:
        self._seed = seed
        random = generator(seed, Stage.GENOME)
        self._meanings = vocabulary.meanings[np.arange(n_tags)]
        self._rareness = random.normal(-2.6, 0.7, n_tags).astype(np.float32)

    def relevance(self, factors: NDArray[np.float32], block: int) -> NDArray[np.float64]:
        """Of every tag to the movies of a block, (n_movies, n_tags), in steps of 0.00025."""
        random = generator(self._seed, Stage.GENOME, block + 1)
        strength = np.float32(1.3) * (factors @ self._meanings.T) + self._rareness
        strength += random.standard_normal(strength.shape, dtype=np.float32) * np.float32(0.6)
        steps = np.round(1 / (1 + np.exp(-strength)) / _STEP)
        relevance: NDArray[np.float64] = np.round(steps.astype(np.float64) * _STEP, 5)
        return relevance
