"""EASE: a linear item-to-item model with a closed form."""

from recsys_core.sources.ease.fit import fit_ease
from recsys_core.sources.ease.model import EASEModel
from recsys_core.sources.ease.parameters import EASEParameters

__all__ = ["EASEModel", "EASEParameters", "fit_ease"]
