"""Alternating least squares on confidence-weighted implicit feedback."""

from recsys_core.sources.als.confidence import rating_confidence
from recsys_core.sources.als.fit import fit_als, solve_natively
from recsys_core.sources.als.model import ALSModel
from recsys_core.sources.als.normal_equations import regularized_gram, solve_rows
from recsys_core.sources.als.parameters import ALSParameters
from recsys_core.sources.search_space import SearchParameter
from recsys_core.sources.source import SourceKind

__all__ = [
    "KIND",
    "ALSModel",
    "ALSParameters",
    "fit_als",
    "rating_confidence",
    "regularized_gram",
    "solve_natively",
    "solve_rows",
]

KIND = SourceKind(
    name="als",
    label="ALS",
    side="collaborative",
    defaults=ALSParameters(iterations=10),
    fit=lambda training, parameters: fit_als(
        training.matrix.ratings,
        training.matrix.item_ids,
        parameters,
        feedback=training.feedback,
        start=training.start.get("als"),
        solve=training.solvers.als,
    ),
    model=ALSModel,
    taste=1.0,
    steady=0.3,
    search=(
        SearchParameter(stage="als", name="factors", kind="int", low=64, high=160, log=True, default=128),
        SearchParameter(stage="als", name="regularization", low=3.0, high=100.0, log=True, default=20.0),
        SearchParameter(stage="als", name="confidence_weight", low=1.0, high=15.0, log=True, default=5.0),
        SearchParameter(stage="als", name="rating_power", low=1.0, high=4.0, default=3.0, needs="values"),
        SearchParameter(
            stage="als", name="dislike_confidence", low=1.0, high=5.0, log=True, default=1.0, needs="values"
        ),
    ),
    n_trials=12,
    budget=0.6,
    on_sample=lambda parameters, share: parameters.replace(
        regularization=parameters.regularization * share**0.5,  # that of both sides is one, and one side's sums shrink
        iterations=-(-parameters.iterations // 2),  # enough to tell good parameters from bad ones
    ),
    needed=True,
    baseline=True,
    summary="ALS on confidence-weighted feedback",
)
"""Its line in the table of sources."""
