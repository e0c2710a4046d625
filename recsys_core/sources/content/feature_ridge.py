"""ALS factors for items that nobody has rated, predicted from their features by ridge regression."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix, diags_array

from recsys_core.errors import ShapeError
from recsys_core.features import ItemFeatures
from recsys_core.features.parameters import check_group_weights
from recsys_core.parameters import Parameters
from recsys_core.storage import load_arrays, read_manifest, save_arrays, write_manifest

__all__ = ["FeatureRidge", "FeatureRidgeParameters", "fit_feature_ridge"]


class FeatureRidgeParameters(Parameters):
    """Parameters of :func:`fit_feature_ridge`."""

    regularization: float = Field(default=60.0, gt=0, le=1e6)
    """L2 penalty on the coefficients."""
    group_weights: dict[str, float] = Field(
        default={"genre": 0.5, "decade": 0.5, "title": 0.3, "tags": 0.3, "genome": 1.0}
    )
    """Each group's columns are multiplied by it; a group that is not named is left out."""
    count_power: float = Field(default=0.5, ge=0, le=2)
    """An item counts (number of its ratings)^count_power times: factors learnt from more ratings are better known."""

    _check_weights = field_validator("group_weights")(check_group_weights)


@dataclass(frozen=True, slots=True, eq=False)
class FeatureRidge:
    """Coefficients from features to item factors.

    columns       groups that take part and their widths
    coefficients  float32 of shape (n_features, factors), for the groups side by side
    intercept     float32 of shape (factors,): what an item without any feature gets
    """

    columns: dict[str, int]
    coefficients: NDArray[np.float32]
    intercept: NDArray[np.float32]
    parameters: FeatureRidgeParameters

    def predict(self, features: ItemFeatures) -> NDArray[np.float32]:
        """Item factors, float32 of shape (n_items, factors), for the items of ``features``."""
        design = _design(features, self.columns, self.parameters.group_weights)
        predicted: NDArray[np.float32] = np.asarray(design @ self.coefficients) + self.intercept
        return predicted

    def save(self, directory: Path) -> None:
        save_arrays(directory / "ridge.npz", coefficients=self.coefficients, intercept=self.intercept)
        write_manifest(directory, "FeatureRidge", parameters=self.parameters.as_dict(), columns=self.columns)

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "FeatureRidge")
        return cls(
            columns=manifest["columns"],
            **load_arrays(directory / "ridge.npz"),
            parameters=FeatureRidgeParameters(**manifest["parameters"]),
        )


def fit_feature_ridge(
    features: ItemFeatures,
    item_factors: NDArray[np.float32],
    parameters: FeatureRidgeParameters,
    *,
    n_ratings: NDArray[np.int64] | None = None,
) -> FeatureRidge:
    """Ridge regression (Hoerl & Kennard 1970) from the features of n_items items to their factors.

    ``item_factors`` have shape (n_items, factors), row for row with ``features``; ``n_ratings``, of shape (n_items,),
    weigh the items (without them all count once). The smaller of the two forms is
    solved: (XᵀX + λI) over features or (XXᵀ + λI) over items.
    """
    if len(item_factors) != len(features.item_ids):
        raise ShapeError(f"item_factors have {len(item_factors)} rows, features {len(features.item_ids)} items")
    columns = {name: matrix.shape[1] for name, matrix in features.groups.items() if parameters.group_weights.get(name)}
    design = _design(features, columns, parameters.group_weights).astype(np.float64)
    target = item_factors.astype(np.float64)
    counts = np.ones(len(target)) if n_ratings is None else np.asarray(n_ratings, dtype=np.float64)
    weight = np.maximum(counts, 0) ** parameters.count_power
    intercept = target.mean(axis=0) if len(target) else np.zeros(item_factors.shape[1])
    root = np.sqrt(weight)
    design = csr_matrix(diags_array(root) @ design)
    residual = (target - intercept) * root[:, None]
    n_items, n_features = design.shape
    if n_features <= n_items:
        gram = (design.T @ design).toarray()
        gram[np.diag_indices(n_features)] += parameters.regularization
        coefficients = _solve(gram, design.T @ residual)
    else:
        gram = (design @ design.T).toarray()
        gram[np.diag_indices(n_items)] += parameters.regularization
        coefficients = design.T @ _solve(gram, residual)
    return FeatureRidge(columns, coefficients.astype(np.float32), intercept.astype(np.float32), parameters)


def _solve(gram: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """By Cholesky's factors, half the work of a general solution: λ > 0 makes ``gram`` positive definite."""
    factor = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    return np.asarray(cho_solve(factor, target, check_finite=False))


def _design(features: ItemFeatures, columns: dict[str, int], group_weights: dict[str, float]) -> csr_matrix:
    """The weighted groups side by side: CSR of shape (n_items, n_features), float32."""
    for name, n_columns in columns.items():
        matrix = features.groups.get(name)
        if matrix is None or matrix.shape[1] != n_columns:
            found = "no" if matrix is None else matrix.shape[1]
            raise ShapeError(
                f"feature group {name} has {found} columns, expected {n_columns}; build all features together"
            )
    return features.side_by_side({name: group_weights[name] for name in columns})
