"""What sources say of some people is asked once by all models that share them, and of other people anew."""

import numpy as np
import pytest

from recsys_core.histories import Histories
from recsys_core.hybrid import HybridModel
from recsys_core.sources.entries import Entries
from recsys_core.sources.source import Entry
from recsys_core.testing.hybrids import planted_hybrid


@pytest.fixture
def model() -> HybridModel:
    return planted_hybrid()[0]


@pytest.fixture
def histories() -> Histories:
    return Histories.of(planted_hybrid()[1]).rows(0, 30)


@pytest.fixture
def asked(model: HybridModel, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the sources, each time that one is asked."""
    found: list[str] = []
    for name, source in model.sources.items():

        def enter(self: object, known: Histories, name: str = name, ask: object = type(source).enter) -> Entry:
            found.append(name)
            entry: Entry = ask(self, known)  # type: ignore[operator]
            return entry

        monkeypatch.setattr(type(source), "enter", enter)
    return found


def test_models_that_share_entries_give_the_scores_that_each_gives_alone(
    model: HybridModel, histories: Histories
) -> None:
    weights = model.weights
    variants = [weights, *(weights.without(name) for name in model.sources), weights.replace(prior={}, kappa=3.0)]
    entries = Entries()
    for changed in [*variants, *variants]:
        other = model.with_weights(changed)
        np.testing.assert_array_equal(other.score(histories, entries=entries), other.score(histories))
    for source in model.sources.values():
        np.testing.assert_allclose(entries.scores(source, histories), source.score(histories), rtol=1e-5, atol=1e-6)


def test_each_source_is_asked_once_about_the_same_people(
    model: HybridModel, histories: Histories, asked: list[str]
) -> None:
    entries = Entries()
    model.score(histories, entries=entries)
    once = sorted(asked)
    for name in model.sources:
        model.with_weights(model.weights.replace(taste={**model.weights.taste, name: 0.7})).score(
            histories, entries=entries
        )
    assert sorted(asked) == once
    model.score(histories.rows(0, 30), entries=entries)  # equal, but others as far as anybody can tell cheaply
    assert len(asked) == 2 * len(once)
