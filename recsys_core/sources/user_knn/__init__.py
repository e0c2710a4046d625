"""User-kNN: what the people liked who liked the same titles; it carries people with few ratings."""

from recsys_core.sources.search_space import SearchParameter
from recsys_core.sources.source import SourceKind
from recsys_core.sources.user_knn.fit import fit_user_knn
from recsys_core.sources.user_knn.model import UserKNNModel
from recsys_core.sources.user_knn.parameters import UserKNNParameters

__all__ = ["KIND", "UserKNNModel", "UserKNNParameters", "fit_user_knn"]

KIND = SourceKind(
    name="neighbours",
    label="neighbours",
    side="collaborative",
    defaults=UserKNNParameters(),
    fit=lambda training, parameters: fit_user_knn(training.matrix, parameters, feedback=training.feedback),
    model=UserKNNModel,
    prior=0.6,
    search=(SearchParameter(stage="gate", name="neighbours", low=0.0, high=2.0, default=0.6),),
    summary="What the people liked who liked the same titles",
)
"""Its line in the table of sources."""
