"""The parts that draw: chances from alias tables, words that are spelled once."""

import numpy as np
import pytest
from numpy.typing import NDArray

from recsys_core.synthesis.alias import AliasTables
from recsys_core.synthesis.words import Vocabulary, spelled

SKEWED = np.exp(np.random.default_rng(0).normal(0, 3, 500))


@pytest.mark.parametrize(
    "weights", [np.array([3.0]), np.array([1.0, 0.0]), np.array([1.0, 1.0, 2.0]), SKEWED, SKEWED * (SKEWED > 1)]
)
def test_alias_tables_hold_the_chances_that_they_were_made_of(weights: NDArray[np.float64]) -> None:
    tables = AliasTables.of([weights])
    chances = tables.kept.astype(np.float64)
    np.add.at(chances, tables.other, 1.0 - tables.kept)
    np.testing.assert_allclose(chances / len(weights), weights / weights.sum(), atol=1e-7)


def test_each_draw_is_from_its_own_table() -> None:
    tables = AliasTables.of([np.array([1.0, 3.0, 0.0]), np.array([0.0, 1.0, 1.0])])
    asked = np.repeat([0, 1], 20_000)
    drawn = tables.draw(np.random.default_rng(1), asked)
    for num, chances in enumerate(([0.25, 0.75, 0.0], [0.0, 0.5, 0.5])):
        found = np.bincount(drawn[asked == num], minlength=3) / 20_000
        np.testing.assert_allclose(found, chances, atol=0.02)


def test_no_two_words_are_spelled_alike() -> None:
    words = [spelled(rank) for rank in range(20_000)]
    assert len(set(words)) == len(words)
    assert min(map(len, words)) == 4
    assert len(spelled((1 << 40) + 40)) < 20


def test_words_agree_with_what_they_are_about() -> None:
    random = np.random.default_rng(2)
    vocabulary = Vocabulary.drawn(random, exponent=1.5, offset=50.0)
    about = random.standard_normal((5_000, vocabulary.meanings.shape[1]), dtype=np.float32)
    ranks = vocabulary.draw(random, about)
    fit = np.einsum("nk,nk->n", about, vocabulary.meanings[ranks % len(vocabulary.meanings)])
    assert fit.mean() > 0.5
