"""EASE: a linear model from item to item, solved in closed form."""

from recsys_core.sources.ease.fit import fit_ease
from recsys_core.sources.ease.model import EASEModel
from recsys_core.sources.ease.parameters import EASEParameters
from recsys_core.sources.ease.path import EASEPath
from recsys_core.sources.search_space import SearchParameter
from recsys_core.sources.source import SourceKind

__all__ = ["KIND", "EASEModel", "EASEParameters", "EASEPath", "fit_ease"]

KIND = SourceKind(
    name="ease",
    label="EASE",
    side="collaborative",
    defaults=EASEParameters(),
    fit=lambda training, parameters: fit_ease(
        training.matrix.ratings,
        training.matrix.item_ids,
        parameters,
        feedback=training.feedback,
        features=training.features.select(training.matrix.item_ids),
        solve=training.solvers.ease,
    ),
    model=EASEModel,
    taste=1.5,
    steady=0.3,
    search=(
        SearchParameter(stage="ease", name="regularization", low=15.0, high=1500.0, log=True, default=50.0),
        SearchParameter(
            stage="ease", name="feature_weight", low=1.0, high=30.0, log=True, default=10.0, needs="features"
        ),
        SearchParameter(stage="blend", name="ease", low=0.0, high=3.0, default=1.5),
    ),
    n_trials=8,
    n_rounds=2,  # each costs the inverse of a matrix per trial
    budget=0.1,
    fitter=EASEPath,
    on_sample=lambda parameters, share: parameters.replace(
        regularization=parameters.regularization * share, feature_weight=parameters.feature_weight * share
    ),
    baseline=True,
    summary="EASE, item to item, from ratings and features of the most rated titles",
)
"""Its line in the table of sources."""
