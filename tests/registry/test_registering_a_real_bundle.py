import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from recsys_core.als import ALSParameters
from recsys_core.bundle import ListOptions, ModelBundle, Titles
from recsys_core.dataset.schema import MOVIELENS
from recsys_core.ease import EASEParameters
from recsys_core.hybrid import HybridWeights, fit_hybrid
from recsys_core.testing import planted_features, planted_interactions
from registry.interface import input_example
from registry.models import ModelRegistry


@pytest.fixture(scope="module")
def bundle() -> ModelBundle:
    ratings = planted_interactions(40, 30, 600)
    model = fit_hybrid(
        ratings,
        planted_features(ratings.item_ids),
        als_parameters=ALSParameters(factors=4, iterations=3),
        ease_parameters=EASEParameters(),
        weights=HybridWeights(),
        rating_scale=MOVIELENS.rating_scale,
    )
    movies = pa.table(
        {
            "movieId": ratings.item_ids,
            "title": [f"Film {item_id} (1999)" for item_id in ratings.item_ids],
            "genres": ["Drama"] * ratings.n_items,
        }
    )
    return ModelBundle(model, ratings, Titles.of_movies(movies), {"data_fingerprint": "data-1"})


def test_the_champion_recommends_what_its_bundle_recommends(bundle, tracking, tmp_path):
    directory = tmp_path / "bundle"
    directory.mkdir()
    bundle.save(directory)
    user_id = int(bundle.known.user_ids[0])
    liked = [int(item_id) for item_id in bundle.known.item_ids[:2]]
    registry = ModelRegistry(tracking)
    registry.register_bundle(
        directory,
        tracking.parent_run("d1"),
        data_fingerprint="data-1",
        metrics={},
        example=input_example(user_id, liked),
    )
    registry.versions.set_alias("champion", "1")

    again = ModelBundle.load(registry.bundle_path())
    expected = bundle.recommend_for_user(user_id, ListOptions(k=5))
    assert again.recommend_for_user(user_id, ListOptions(k=5)).as_dict() == expected.as_dict()

    with tracking.as_global() as mlflow:
        model = mlflow.pyfunc.load_model("models:/hybrid-recommender@champion")
    served = model.predict(pd.DataFrame({"user_id": [user_id]}), params={"k": 5})
    assert served["movie_id"].tolist() == [item.movie_id for item in expected.items]
    assert np.allclose(served["score"], [item.score for item in expected.items])
    from_liked = model.predict(pd.DataFrame({"liked": [",".join(map(str, liked))]}), params={"k": 3, "model": "als"})
    wanted = bundle.recommend_for_liked(liked, ListOptions(k=3, model="als"))
    assert from_liked["movie_id"].tolist() == [item.movie_id for item in wanted.items]
    assert not set(liked) & set(from_liked["movie_id"])
