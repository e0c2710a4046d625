"""Popularity in a search: alone where it is nearly all there is to know, and in the taste where it gains for sure."""

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
from recsys_core.tuning.tune import _Tuner

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
    found = _Tuner._with_popularity(None, tables, weights)  # type: ignore[arg-type]
    assert found == (weights.replace(taste={"als": 1.0, "popularity": 0.5}) if has_a_say else weights)
