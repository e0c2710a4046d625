"""Training, validation and test: by held-out users, by time, or as published."""

from recsys_core.splitting.hashing import hash_uniform
from recsys_core.splitting.parameters import PublishedSplitParameters, SplitParameters
from recsys_core.splitting.published import PublishedSplit, published_split
from recsys_core.splitting.split import assign_users, split_interactions, split_parameters
from recsys_core.splitting.truncation import held_out_rows, truncated_histories
from recsys_core.splitting.views import VIEWS, cold_view, held_back_items, known_of_held_back, view_of

__all__ = [
    "VIEWS",
    "PublishedSplit",
    "PublishedSplitParameters",
    "SplitParameters",
    "assign_users",
    "cold_view",
    "hash_uniform",
    "held_back_items",
    "held_out_rows",
    "known_of_held_back",
    "published_split",
    "split_interactions",
    "split_parameters",
    "truncated_histories",
    "view_of",
]
