"""The matrix of ratings, its split, and what is known of titles, in brief. ``items`` are what the titles are called."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from recsys_core.dataset.ids import Ids
from recsys_core.dataset.interactions import Split, UserItemMatrix
from recsys_core.describing.description import Description
from recsys_core.features import ItemFeatures

__all__ = ["describe_features", "describe_matrix", "describe_split"]

_PREVIEW_ROWS = 5
_RATING_COLUMNS = {
    "user_id": ("id", "row of the matrix"),
    "item_id": ("id", "column of the matrix"),
    "rating": ("float32", "value"),
    "timestamp": ("timestamp", "aligned with the values"),
}


def describe_matrix(interactions: UserItemMatrix, *, items: Ids) -> Description:
    return Description(
        interactions.n_ratings,
        _RATING_COLUMNS,
        _first_ratings(interactions, items),
        {
            "n_users": interactions.n_users,
            "n_items": interactions.n_items,
            "density": interactions.n_ratings / (interactions.n_users * interactions.n_items),
            "ratings_per_user_median": float(np.median(np.diff(interactions.ratings.indptr))),
        },
    )


def describe_split(split: Split, *, items: Ids) -> Description:
    return Description(
        split.train.n_ratings,
        _RATING_COLUMNS,
        _first_ratings(split.train, items),
        {"test_users": split.test.history.n_users, "test_targets": int(split.test.targets.nnz)},
        {"summary": (["what", "value"], _flat(split.summary))},
    )


def describe_features(features: ItemFeatures, *, items: Ids, n_tags_left_out: int) -> Description:
    groups = [
        (name, matrix.shape[1], int((np.diff(matrix.indptr) > 0).sum()), ", ".join(features.names[name][:5]))
        for name, matrix in features.groups.items()
    ]
    first = [
        (name, *(matrix[i].nnz for matrix in features.groups.values()))
        for i, name in enumerate(items.names_of(features.item_ids[:_PREVIEW_ROWS]))
    ]
    return Description(
        len(features.item_ids),
        {
            "item_id": ("id", "title; the others: features that it has"),
            **{name: ("sparse float32", f"{n_features} features, unit length") for name, n_features, *_ in groups},
        },
        first,
        {"tags_left_out": n_tags_left_out, **{f"titles_with_{name}": n_titles for name, _, n_titles, _ in groups}},
        {"groups": (["group", "features", "titles that have any", "for example"], groups)},
    )


def _first_ratings(interactions: UserItemMatrix, items: Ids) -> list[tuple[Any, ...]]:
    few = slice(0, _PREVIEW_ROWS)
    users = interactions.users.names_of(interactions.user_ids[interactions.user_nums()[few]])
    titles = items.names_of(interactions.item_ids[interactions.ratings.indices[few]])
    values, times = interactions.ratings.data[few].tolist(), interactions.timestamps[few].tolist()
    return list(zip(users, titles, values, times, strict=True))


def _flat(summary: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in summary.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
