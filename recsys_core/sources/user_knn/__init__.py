"""User-kNN: what the people liked who liked the same titles; it carries people with few ratings."""

from recsys_core.sources.user_knn.fit import fit_user_knn
from recsys_core.sources.user_knn.model import UserKNNModel
from recsys_core.sources.user_knn.parameters import UserKNNParameters

__all__ = ["UserKNNModel", "UserKNNParameters", "fit_user_knn"]
