"""Explanations of real lists: those of everybody in the bundled sample."""

from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.csv
import pytest

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import UserItemMatrix, build_user_items
from recsys_core.features import FeatureParameters, build_item_features
from recsys_core.histories import Histories
from recsys_core.hybrid import MODEL_NAMES, HybridModel, HybridWeights, ModelName, fit_hybrid
from recsys_core.sources.table import SOURCES

SAMPLE = Path(__file__).resolve().parents[3] / "data" / "sample"
K = 10


@cache
def _fitted() -> tuple[HybridModel, UserItemMatrix]:
    ratings = pyarrow.csv.read_csv(SAMPLE / "ratings.csv")
    train = build_user_items(*(ratings[name].to_numpy() for name in ("userId", "movieId", "rating", "timestamp")))
    movies = pyarrow.csv.read_csv(SAMPLE / "movies.csv").rename_columns(["item_id", "title", "genres"])
    ids = np.sort(movies["item_id"].to_numpy())
    features = build_item_features(ids, np.isin(ids, train.item_ids), movies, parameters=FeatureParameters())
    weights = HybridWeights(group_weights={"genre": 0.5, "decade": 0.2, "title": 0.3})
    parameters = {kind.name: kind.defaults for kind in SOURCES if kind.defaults is not None}
    return fit_hybrid(train, features, parameters=parameters, weights=weights, feedback=MOVIELENS.feedback), train


def assert_explained(model: HybridModel, histories: Histories, user: int, nums: np.ndarray, name: ModelName) -> None:
    history = histories.rows(user, user + 1)
    scores = model.score(history, model=name)[0, nums]
    disliked = history.ratings.indices[MOVIELENS.feedback.disliked(history.ratings.data)]
    for score, why in zip(scores, model.explain(history, nums, n_because=None, model=name), strict=True):
        assert sum(why.sources.values()) == pytest.approx(score, abs=1e-4)
        assert sum(why.terms.values()) == pytest.approx(score, abs=1e-4)
        told = np.asarray([value for _, value in why.because])
        assert told.sum() == pytest.approx(why.sources["collaborative"] + why.sources["content"], abs=1e-4)
        titles = np.asarray([num for num, _ in why.because])
        assert told[np.isin(titles, disliked)].max(initial=0.0) <= 1e-9


def test_for_everybody_the_parts_add_up_and_no_disliked_title_speaks_for_an_item() -> None:
    model, train = _fitted()
    histories = Histories.of(train)
    assert MOVIELENS.feedback.disliked(train.ratings.data).sum() > 10_000
    best = model.recommend(histories, K)
    lists = best.item_nums.reshape(train.n_users, K)
    for user in range(train.n_users):
        warm = lists[user][lists[user] < model.n_items].astype(np.int64)
        assert_explained(model, histories, user, warm, "hybrid")


@pytest.mark.parametrize("name", [name for name in MODEL_NAMES if name != "hybrid"])
def test_so_they_do_for_one_source_alone(name: ModelName) -> None:
    model, train = _fitted()
    histories = Histories.of(train)
    for user in range(0, train.n_users, 15):
        assert_explained(model, histories, user, np.arange(3, model.n_items, 999), name)
