"""Popularity near a person's own time: what newcomers of that time rated."""

from recsys_core.sources.recent_popularity.model import RecentPopularityModel, fit_recent_popularity
from recsys_core.sources.recent_popularity.parameters import RecentPopularityParameters
from recsys_core.sources.source import SourceKind

__all__ = ["KIND", "RecentPopularityModel", "RecentPopularityParameters", "fit_recent_popularity"]

KIND = SourceKind(
    name="recent_popularity",
    label="recent popularity",
    side="popularity",
    defaults=RecentPopularityParameters(),
    fit=lambda training, parameters: fit_recent_popularity(training.matrix, parameters, feedback=training.feedback),
    model=RecentPopularityModel,
    prior=1.0,
    summary="Popularity near a person's own time",
)
"""Its line in the table of sources."""
