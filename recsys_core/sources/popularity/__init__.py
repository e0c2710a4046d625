"""Popularity: the baseline that needs no history, and the prior for people with few ratings."""

from recsys_core.sources.popularity.popularity import PopularityModel, fit_popularity

__all__ = ["PopularityModel", "fit_popularity"]
