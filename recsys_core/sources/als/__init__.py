"""Alternating least squares on confidence-weighted implicit feedback."""

from recsys_core.sources.als.confidence import rating_confidence
from recsys_core.sources.als.fit import fit_als
from recsys_core.sources.als.model import ALSModel
from recsys_core.sources.als.normal_equations import regularized_gram, solve_rows
from recsys_core.sources.als.parameters import ALSParameters

__all__ = ["ALSModel", "ALSParameters", "fit_als", "rating_confidence", "regularized_gram", "solve_rows"]
