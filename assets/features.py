"""Features: the user–item matrix, its split, and what is known of the items themselves."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from assets.declaring import Made, recsys_asset
from assets.presenting import rows_metadata, text_table
from assets.tables import CleanTable
from assets.workspace import Workspace
from recsys_core.dataset.interactions import Split, UserItemMatrix
from recsys_core.dataset.tables import catalogue_ids, interactions_of, training_tags
from recsys_core.experiment import ItemTables
from recsys_core.features import ItemFeatures
from recsys_core.splitting import split_interactions

__all__ = ["FEATURE_ASSETS"]


_PREVIEW_ROWS = 5
_RATING_COLUMNS = {
    "userId": ("id", "row of the matrix"),
    "movieId": ("id", "column of the matrix"),
    "rating": ("float32", "value"),
    "timestamp": ("timestamp", "aligned with the values"),
}


@recsys_asset(group="features", kinds={"scipy"})
def user_item_matrix(ratings: CleanTable, workspace: Workspace) -> Made[UserItemMatrix]:
    """All accepted ratings as a CSR matrix, users × items, with both vocabularies."""
    interactions = interactions_of(ratings.rows_path)
    cells = interactions.n_users * interactions.n_items
    per_user = np.diff(interactions.ratings.indptr)
    return Made(
        interactions,
        {
            **rows_metadata(interactions.n_ratings, _RATING_COLUMNS, _first_ratings(interactions)),
            "n_users": interactions.n_users,
            "n_items": interactions.n_items,
            "density": interactions.n_ratings / cells,
            "ratings_per_user_median": float(np.median(per_user)),
        },
    )


@recsys_asset(group="features", kinds={"scipy"}, parameters=("split",))
def split(user_item_matrix: UserItemMatrix, movies: CleanTable, workspace: Workspace) -> Made[Split]:
    """Training, validation and test parts, with the cut-offs, filters and counts that made them."""
    parts = split_interactions(user_item_matrix, workspace.config.split, catalogue_ids=catalogue_ids(movies.rows_path))
    return Made(
        parts,
        {
            **rows_metadata(parts.train.n_ratings, _RATING_COLUMNS, _first_ratings(parts.train)),
            "summary": text_table(["what", "value"], _flat(parts.summary)),
            "test_users": parts.test.history.n_users,
            "test_targets": int(parts.test.targets.nnz),
        },
    )


@recsys_asset(group="features", kinds={"scipy"}, parameters=("features",))
def item_features(
    split: Split,
    movies: CleanTable,
    tags: CleanTable,
    genome_scores: CleanTable,
    genome_tags: CleanTable,
    workspace: Workspace,
) -> Made[ItemFeatures]:
    """Genres, decade, title words, tags and genome of every title; weights fitted on the training part only."""
    tables = ItemTables(movies.rows_path, tags.rows_path, genome_scores.rows_path, genome_tags.rows_path)
    features = tables.known_to(split, workspace.config.features)
    catalogue = features.item_ids
    groups = [
        (name, matrix.shape[1], int((np.diff(matrix.indptr) > 0).sum()), ", ".join(features.names[name][:5]))
        for name, matrix in features.groups.items()
    ]
    columns = {
        name: ("sparse float32", f"{row[1]} features, unit length")
        for name, row in zip(features.groups, groups, strict=True)
    }
    first = [(int(catalogue[i]), *(matrix[i].nnz for matrix in features.groups.values())) for i in range(_PREVIEW_ROWS)]
    return Made(
        features,
        {
            **rows_metadata(
                len(catalogue), {"movieId": ("id", "title; the others: features that it has"), **columns}, first
            ),
            "groups": text_table(["group", "features", "titles that have any", "for example"], groups),
            "tags_left_out": tags.n_rows - training_tags(tags.rows_path, split).num_rows,
        },
    )


def _first_ratings(interactions: UserItemMatrix) -> list[tuple[int, int, float, int]]:
    few = slice(0, _PREVIEW_ROWS)
    users = interactions.user_ids[interactions.user_nums()[few]]
    items = interactions.item_ids[interactions.ratings.indices[few]]
    columns = (users, items, interactions.ratings.data[few], interactions.timestamps[few])
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _flat(summary: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in summary.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


FEATURE_ASSETS = [user_item_matrix, split, item_features]
