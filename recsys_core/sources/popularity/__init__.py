"""Popularity: the baseline that needs no history, and the prior for people with few ratings."""

from recsys_core.sources.popularity.popularity import PopularityModel, fit_popularity
from recsys_core.sources.source import SourceKind

__all__ = ["KIND", "PopularityModel", "fit_popularity"]

KIND = SourceKind(
    name="popularity",
    label="popularity",
    side="popularity",
    defaults=None,
    fit=lambda training, parameters: fit_popularity(training.matrix.ratings, training.matrix.item_ids),
    model=PopularityModel,
    needed=True,
    baseline=True,
    summary="Number of ratings of every title",
)
"""Its line in the table of sources."""
