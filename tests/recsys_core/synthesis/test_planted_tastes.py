"""What is planted can be found: by whom people are like, and by what is written about titles."""

from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pytest

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import Split, build_user_items
from recsys_core.evaluation import ndcg_of_scores
from recsys_core.features import FeatureParameters, ItemFeatures, build_item_features
from recsys_core.sources.als import ALSParameters, fit_als
from recsys_core.sources.content import ContentParameters, fit_content
from recsys_core.sources.popularity import fit_popularity
from recsys_core.splitting import SplitParameters, split_interactions

NAMES = {"userId": "user_id", "movieId": "item_id", "tagId": "tag_id"}


def table(folder: Path, name: str) -> pa.Table:
    found = pcsv.read_csv(folder / f"{name}.csv")
    return found.rename_columns([NAMES.get(column, column) for column in found.column_names])


@cache
def parts(folder: Path) -> tuple[Split, ItemFeatures]:
    """Held-out people, and a fifth of the movies held out, too."""
    ratings, movies = table(folder, "ratings"), table(folder, "movies")
    columns = (ratings[name].to_numpy() for name in ("user_id", "item_id", "rating", "timestamp"))
    catalogue = movies["item_id"].to_numpy()
    splitting = SplitParameters(cold_item_share=0.2)
    split = split_interactions(build_user_items(*columns), splitting, catalogue_ids=catalogue)
    features = build_item_features(
        catalogue,
        np.isin(catalogue, split.train.item_ids),
        movies,
        tags=table(folder, "tags"),
        genome_scores=table(folder, "genome-scores"),
        genome_tags=table(folder, "genome-tags"),
        parameters=FeatureParameters(),
    )
    return split, features


def test_what_others_like_tells_more_than_popularity(made: Path) -> None:
    split, _ = parts(made)
    train, history = split.train, split.test.history.ratings
    als = fit_als(train.ratings, train.item_ids, ALSParameters(factors=16, iterations=8), feedback=MOVIELENS.feedback)
    popularity = fit_popularity(train.ratings, train.item_ids)
    ndcg_als, ndcg_popularity = (
        np.nanmean(ndcg_of_scores(model.score(history), split.test.targets, seen=history))
        for model in (als, popularity)
    )

    assert ndcg_als > 1.3 * ndcg_popularity


@pytest.mark.parametrize("group", ["genre", "tags", "genome"])
def test_what_is_written_about_cold_titles_tells_who_likes_them(made: Path, group: str) -> None:
    split, features = parts(made)
    alone = ContentParameters(group_weights={group: 1.0})
    content = fit_content(features, split.train.item_ids, alone, feedback=MOVIELENS.feedback)
    cold = split.test.cold_item_ids
    described = np.diff(features.select(cold).groups[group].indptr) > 0
    scores = content.cold_score(split.test.history.ratings)[:, described]
    users, liked = split.test.cold_targets[:, np.flatnonzero(described)].nonzero()
    liked_scores = scores[users, liked][:, None]
    below = (liked_scores > scores[users]).mean() + (liked_scores == scores[users]).mean() / 2

    assert len(users) > 100
    assert below > 0.56, "by chance it is .5"
