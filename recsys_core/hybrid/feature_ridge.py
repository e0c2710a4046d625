"""What is known of items that nobody has rated, predicted from their features by ridge regression."""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix, diags_array

from recsys_core.features import ItemFeatures
from recsys_core.features.parameters import check_group_weights
from recsys_core.parameters import Parameters

__all__ = ["FeatureRidgeParameters", "feature_ridge"]


class FeatureRidgeParameters(Parameters):
    """Parameters of :func:`feature_ridge`."""

    regularization: float = Field(default=60.0, gt=0, le=1e6)
    """L2 penalty on the coefficients."""
    group_weights: dict[str, float] = Field(
        default={"genre": 0.5, "decade": 0.5, "title": 0.3, "tags": 0.3, "genome": 1.0}
    )
    """Each group's columns are multiplied by it; a group that is not named is left out."""
    count_power: float = Field(default=0.5, ge=0, le=2)
    """An item counts (number of its ratings)^count_power times: what is learnt from more ratings is better known."""
    most: int = Field(default=1024, ge=1)
    """Rated items that the prediction for one item may rest on; those with the largest coefficients are kept."""

    _check_weights = field_validator("group_weights")(check_group_weights)


def feature_ridge(
    features: ItemFeatures, n_warm: int, n_ratings: NDArray[np.int64], parameters: FeatureRidgeParameters
) -> csr_matrix:
    """The linear map from any values of the rated items to predictions for the others.

    Ridge regression (Hoerl & Kennard 1970) of values y on features X of the rated ("warm") items, weighted by their
    ``n_ratings`` (n_warm,), predicts mean(y) + M·(y − mean(y)) with M = X_cold·(XᵀWX + λI)⁻¹·XᵀW: it depends on y
    in no other way, so one M serves factors, scores and parts of scores. The smaller of its two forms is solved, over
    features or over items.

    features  of the catalogue: the ``n_warm`` rated items first

    Returns M, CSR float32 of shape (n_cold, n_warm).
    """
    n_cold = len(features.item_ids) - n_warm
    design = features.side_by_side(parameters.group_weights).astype(np.float64)
    warm, cold = csr_matrix(design[:n_warm]), csr_matrix(design[n_warm:])
    if n_cold == 0 or n_warm == 0 or design.shape[1] == 0:
        return csr_matrix((n_cold, n_warm), dtype=np.float32)  # type: ignore[arg-type]  # the stubs know no shape
    root = np.maximum(n_ratings.astype(np.float64), 0) ** (parameters.count_power / 2)
    weighted = csr_matrix(diags_array(root) @ warm)
    if design.shape[1] <= n_warm:
        gram = (weighted.T @ weighted).toarray()
        gram[np.diag_indices(len(gram))] += parameters.regularization
        found = (weighted @ _solve(gram, cold.T.toarray())).T
    else:
        gram = (weighted @ weighted.T).toarray()
        gram[np.diag_indices(len(gram))] += parameters.regularization
        found = _solve(gram, (weighted @ cold.T).toarray()).T
    return _largest(found * root, parameters.most)


def _solve(gram: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """By Cholesky's factors, half the work of a general solution: λ > 0 makes ``gram`` positive definite."""
    factor = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    return np.asarray(cho_solve(factor, target, check_finite=False))


def _largest(coefficients: NDArray[np.float64], most: int) -> csr_matrix:
    """The ``most`` largest of each row, in absolute value."""
    n_rows, n_columns = coefficients.shape
    kept = min(most, n_columns)
    columns = np.sort(np.argpartition(-np.abs(coefficients), kept - 1, axis=1)[:, :kept], axis=1)
    values = np.take_along_axis(coefficients, columns, axis=1).astype(np.float32)
    return csr_matrix((values.ravel(), columns.ravel(), np.arange(n_rows + 1) * kept), shape=coefficients.shape)
