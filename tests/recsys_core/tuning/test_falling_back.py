"""What a search falls back on: popularity, or fewer groups of features, where more than that gains nothing for sure."""

import sys
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import Split, UserItemMatrix, build_user_items
from recsys_core.evaluation import EvaluationParameters, evaluate
from recsys_core.hybrid import HybridModel, HybridWeights, fit_hybrid
from recsys_core.sources.als import ALSParameters
from recsys_core.splitting import SplitParameters, split_interactions
from recsys_core.testing import planted_features
from recsys_core.tuning import TuningParameters, TuningResult, best_trial, tune
from recsys_core.tuning.beyond_chance import with_popularity, without_groups_of_chance

PARAMETERS = TuningParameters(als=ALSParameters(iterations=5)).with_trials(12)
SPLITTING = SplitParameters(validation_share=0.15, test_share=0.6)
N_USERS, N_ITEMS, N_EACH = 500, 300, 20


def without_taste(seed: int) -> UserItemMatrix:
    """Everybody draws titles by their popularity (Zipf) and rates them by chance, over twenty years."""
    rng = np.random.default_rng(seed)
    log_shares = -1.2 * np.log(np.arange(N_ITEMS) + 2.0)
    drawn = np.argsort(-(log_shares + rng.gumbel(size=(N_USERS, N_ITEMS))), axis=1)[:, :N_EACH]  # without replacement
    times = 1_000_000_000 + rng.integers(0, 600_000_000, drawn.size)
    stars = rng.choice([3.0, 4.0, 5.0], drawn.size)
    return build_user_items(np.repeat(np.arange(1, N_USERS + 1), N_EACH), 3 * (drawn.ravel() + 1), stars, times)


@cache
def _searched(seed: int) -> tuple[TuningResult, HybridModel, Split]:
    data = without_taste(seed)
    split = split_interactions(data, SPLITTING, catalogue_ids=data.item_ids)
    features = planted_features(data.item_ids)
    found = tune(split, features, PARAMETERS, feedback=MOVIELENS.feedback)
    model = fit_hybrid(
        split.train, features, parameters=found.parameters, weights=found.weights, feedback=MOVIELENS.feedback
    )
    return found, model, split


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_tuned_hybrid_is_not_below_popularity_on_people_held_out(seed: int) -> None:
    _, model, split = _searched(seed)
    scorers = {"popularity": model.popularity.score, "hybrid": model.score}
    found = evaluate(scorers, split.test, split.train, parameters=EvaluationParameters(n_bootstrap=500))
    assert found.n_users > 250
    assert found.paired("hybrid", "popularity", "ndcg@10").ci_high >= 0


@pytest.mark.parametrize("seed", [0, 2])
def test_a_source_that_is_better_than_every_blend_is_taken_alone(seed: int) -> None:
    found, model, split = _searched(seed)
    assert found.fell_back_on == "popularity"
    assert found.weights.taste == {"popularity": 1.0}
    assert found.best_objective > best_trial(found.of_stage("gate")).value
    assert found.best_objective >= found.default_objective
    assert found.as_dict()["fell_back_on"] == "popularity"
    known = split.test.history
    np.testing.assert_array_equal(
        np.argsort(-model.score(known), axis=1, kind="stable"),
        np.argsort(-model.popularity.score(known), axis=1, kind="stable"),
    )


@dataclass
class WholeHistories:
    """Stands for the tables of a search: NDCG of eighty people, more by ``gains`` with half a share of popularity."""

    gains: NDArray[np.float64]

    def by_user(self, weights: HybridWeights) -> NDArray[np.float64]:
        return 0.3 + self.gains * (weights.taste.get("popularity", 0.0) == 0.5)


@pytest.mark.parametrize(("mean", "spread", "has_a_say"), [(0.1, 0.0, True), (0.1, 0.5, True), (0.01, 0.5, False)])
def test_popularity_has_a_say_in_the_taste_only_where_the_gain_is_more_than_chance(
    mean: float, spread: float, has_a_say: bool
) -> None:
    gains = mean + spread * np.tile([-1.0, 1.0], 40)
    tables, weights = [WholeHistories(gains[:30]), WholeHistories(gains[30:])], HybridWeights(taste={"als": 1.0})
    found = with_popularity(tables, weights)
    assert found == (weights.replace(taste={"als": 1.0, "popularity": 0.5}) if has_a_say else weights)


@dataclass
class Groups:
    """Stands for the tables of a search: tags gain ``tags``, title words ``title`` and other words 0.05 for each."""

    tags: NDArray[np.float64]
    title: NDArray[np.float64]

    def by_user(self, weights: HybridWeights) -> NDArray[np.float64]:
        has = {name: weights.group_weights.get(name, 0.0) > 0 for name in ("tags", "title", "actors")}
        return 0.3 + self.tags * has["tags"] + self.title * has["title"] + 0.05 * has["actors"]


def test_of_large_data_a_sparse_group_stays_only_where_it_gains_more_than_chance() -> None:
    spread = np.tile([-1.0, 1.0], 50)
    tables = [Groups(0.003 + 0.01 * spread, 0.0015 + 0.01 * spread)]
    weights = HybridWeights(group_weights={"genre": 0.5, "tags": 0.1, "title": 0.3, "actors": 0.2, "genome": 0.0})
    sparse = ["tags", "title", "actors", "genome"]

    def left(weights: HybridWeights, sparse: list[str]) -> HybridWeights:
        return without_groups_of_chance(tables, weights, sparse, ["genre"])  # type: ignore[arg-type]

    found = left(weights, sparse)
    assert found.group_weights == {"genre": 0.5, "tags": 0.1, "title": 0.0, "actors": 0.2, "genome": 0.0}
    assert left(weights, ["title"]) == found
    alone = weights.replace(group_weights={"title": 0.3, "actors": 0.4})
    assert left(alone, ["title"]) == alone, "no dense group is left"


@pytest.mark.parametrize("many", [0, 10**9])
def test_a_search_of_large_data_leaves_such_groups_out(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    search = sys.modules[tune.__module__]
    monkeypatch.setattr(search, "MANY_RATINGS", many)
    monkeypatch.setattr(search, "is_dense", lambda items: items.nnz == items.shape[0])  # genres
    data = without_taste(0)
    split = split_interactions(data, SPLITTING, catalogue_ids=data.item_ids)
    parameters = PARAMETERS.with_trials(3)
    found = tune(split, planted_features(data.item_ids), parameters, feedback=MOVIELENS.feedback).weights.group_weights
    assert found["genre"] > 0
    assert (found["tags"] > 0) == (many > 0), "tags are noise"
    chosen = parameters.replace(weights=HybridWeights(group_weights={"tags": 0.4}))
    kept = tune(split, planted_features(data.item_ids), chosen, feedback=MOVIELENS.feedback).weights.group_weights
    assert kept["tags"] > 0, "somebody has chosen the weight"


def test_sparse_groups_stay_where_only_the_decade_would_be_left() -> None:
    """Similar titles, content's own lists and reasons are made of it, too."""
    weights = HybridWeights(group_weights={"decade": 0.1, "tags": 0.5, "title": 0.3})
    tables = [Groups(np.zeros(100), np.zeros(100))]
    assert without_groups_of_chance(tables, weights, ["tags", "title"], ["decade"]) == weights  # type: ignore[arg-type]
