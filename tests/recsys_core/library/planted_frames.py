"""The planted interactions as data frames, and what the library makes of them: once for all tests."""

from functools import cache
from typing import Any

import pandas as pd

from recsys_core import Dataset, Feedback, Recommender
from recsys_core.library import DatasetSplit
from recsys_core.testing import planted_interactions

__all__ = ["SCALE", "dataset", "interactions", "items", "model", "named", "split", "with_names"]

SCALE = Feedback(0.5, 5, 0.5)


def interactions() -> pd.DataFrame:
    found = planted_interactions(60, 40, 900)
    return pd.DataFrame(
        {
            "user_id": found.user_ids[found.user_nums()],
            "item_id": found.item_ids[found.ratings.indices],
            "rating": found.ratings.data.astype(float),
            "timestamp": found.timestamps,
        }
    )


def items(**further: Any) -> pd.DataFrame:
    """One more than anybody has rated."""
    ids = [*sorted(set(interactions().item_id)), 1_000]
    return pd.DataFrame(
        {
            "item_id": ids,
            "title": [f"Film {item_id} ({1950 + item_id % 70})" for item_id in ids],
            "genres": [["Drama|War", "Comedy"][item_id % 2] for item_id in ids],
            **further,
        }
    )


def with_names(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with texts for ids: "user 10", "item 3"."""
    names = {name: [f"{name[:4]} {n}" for n in frame[name]] for name in ("user_id", "item_id") if name in frame}
    return frame.assign(**names)


@cache
def dataset() -> Dataset:
    return Dataset.from_frames(interactions(), items(), feedback=SCALE, name="films")


@cache
def split() -> DatasetSplit:
    return dataset().split()


@cache
def model() -> Recommender:
    """Fitted on the training part."""
    return Recommender.fit(split().train)


@cache
def named() -> Recommender:
    """Fitted on all data, with texts for ids."""
    return Recommender.fit(Dataset.from_frames(with_names(interactions()), with_names(items()), feedback=SCALE))
