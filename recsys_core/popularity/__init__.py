"""Popularity: the baseline that needs no history, and the prior for people with few ratings."""

from recsys_core.popularity.popularity import PopularityModel, fit_popularity

__all__ = ["PopularityModel", "fit_popularity"]
