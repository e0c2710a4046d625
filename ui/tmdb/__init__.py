"""Posters and overviews from The Movie Database, by the tmdbId of links.csv."""

from ui.tmdb.art import Art, read_art
from ui.tmdb.artwork import Artwork
from ui.tmdb.cache import ArtCache
from ui.tmdb.client import TmdbClient, TmdbError, TmdbRefusedError

__all__ = ["ATTRIBUTION", "Art", "ArtCache", "Artwork", "TmdbClient", "TmdbError", "TmdbRefusedError", "read_art"]

ATTRIBUTION = "This product uses the TMDB API but is not endorsed or certified by TMDB."
"""The words that TMDB's terms of use ask for, shown on every page that has its posters."""
