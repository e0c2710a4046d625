"""What is planted can be found: by whom people are like, and by what titles are like."""

from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pytest
from numpy.typing import NDArray

from recsys_core.dataset.interactions import Split, build_user_items
from recsys_core.dataset.schema import MOVIELENS
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
    """Held-out people, and a fifth of the movies held out, too; features of all movies but for tags."""
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


def ndcg(scores: NDArray[np.float32], split: Split) -> float:
    seen = split.test.history.ratings
    return float(np.nanmean(ndcg_of_scores(scores, split.test.targets, seen=seen)))


def test_people_like_one_another_tell_more_than_popularity(made: Path) -> None:
    split, _ = parts(made)
    train, history = split.train, split.test.history.ratings
    als = fit_als(train.ratings, train.item_ids, ALSParameters(factors=16, iterations=8), feedback=MOVIELENS.feedback)
    popularity = fit_popularity(train.ratings, train.item_ids)

    assert ndcg(als.score(history), split) > 1.3 * ndcg(popularity.score(history), split)


@pytest.mark.parametrize("group", ["genre", "title", "tags", "genome"])
def test_everything_written_about_a_title_tells_who_likes_it(made: Path, group: str) -> None:
    split, features = parts(made)
    alone = ContentParameters().replace(group_weights={group: 1.0})
    content = fit_content(features, split.train.item_ids, alone, feedback=MOVIELENS.feedback)
    cold, targets = split.test.cold_item_ids, split.test.cold_targets
    scores = content.cold_score(split.test.history.ratings)
    above = [
        (scores[user, num] > scores[user]).mean() + (scores[user, num] == scores[user]).mean() / 2
        for user, num in zip(*targets.nonzero(), strict=True)
    ]
    print(group, np.mean(above), len(above), len(cold))
    assert np.mean(above) > 0.55
