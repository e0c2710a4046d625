"""The model bundle that is released: a hybrid model, known ratings and titles, and what they answer."""

from recsys_core.bundle.answer import Answer, Reason, RecommendedItem
from recsys_core.bundle.bundle import ModelBundle
from recsys_core.bundle.options import ListOptions
from recsys_core.bundle.recommendations import Recommendations, recommend_all, recommendations_schema
from recsys_core.bundle.titles import TITLES_SCHEMA, Title, Titles

__all__ = [
    "TITLES_SCHEMA",
    "Answer",
    "ListOptions",
    "ModelBundle",
    "Reason",
    "Recommendations",
    "RecommendedItem",
    "Title",
    "Titles",
    "recommend_all",
    "recommendations_schema",
]
