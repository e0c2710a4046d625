"""What is known of items that nobody has rated, predicted from their features by kernel ridge regression."""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix, vstack

from recsys_core.features import ItemFeatures
from recsys_core.features.parameters import check_group_weights
from recsys_core.parameters import Parameters
from recsys_core.sparse_rows import PartedRows

__all__ = ["FeatureRidgeParameters", "feature_ridge"]

_BLOCK = 1024
_COEFFICIENTS = 30_000_000  # that are kept of all predictions together, as long as each has some
_FEWEST = 64


class FeatureRidgeParameters(Parameters):
    """Parameters of :func:`feature_ridge`."""

    regularization: float = Field(default=25.0, gt=0, le=1e6)
    """L2 penalty on the prediction's norm."""
    group_weights: dict[str, float] = Field(
        default={"genre": 0.5, "decade": 0.5, "title": 0.3, "tags": 0.3, "genome": 1.0}
    )
    """Each group's columns are multiplied by it; a group that is not named is left out."""
    count_power: float = Field(default=0.5, ge=0, le=2)
    """An item counts (number of its ratings)^count_power times: what is learnt from more ratings is better known."""
    max_items: int = Field(default=4000, ge=1, le=50_000)
    """Only so many most rated items are learnt from: a dense (max_items, max_items) system is solved."""
    most: int = Field(default=1024, ge=1)
    """Rated items that the prediction for one item may rest on; those with the largest coefficients are kept. For
    some 30,000 items without ratings and more there are fewer."""

    _check_weights = field_validator("group_weights")(check_group_weights)

    def on_sample(self, share: float) -> Self:
        """What comes to the same where only a ``share`` of the users is left, and with it of every item's ratings."""
        scaled: Self = self.replace(regularization=self.regularization * share**self.count_power)
        return scaled


def feature_ridge(
    features: ItemFeatures, n_warm: int, n_ratings: NDArray[np.int64], parameters: FeatureRidgeParameters
) -> csr_matrix:
    """The linear map from any values of the rated items to predictions for the others.

    Kernel ridge regression (Saunders, Gammerman & Vovk 1998, "Ridge Regression Learning Algorithm in Dual Variables")
    with the kernel (1 + x·x')² − 1, so that what two features mean together counts, too. Of values y of the rated
    ("warm") items, weighted by their ``n_ratings`` (n_warm,), it predicts mean(y) + M·(y − mean(y)) with
    M = K_cold·√W·(√W·K·√W + λI)⁻¹·√W: it depends on y in no other way, so one M serves factors, scores and parts of
    scores.

    features  of the catalogue: the ``n_warm`` rated items first

    Returns M, CSR float32 of shape (n_cold, n_warm).
    """
    n_cold = len(features.item_ids) - n_warm
    design = csr_matrix(features.side_by_side(parameters.group_weights).astype(np.float64))
    if n_cold == 0 or n_warm == 0 or design.shape[1] == 0:
        return csr_matrix((n_cold, n_warm), dtype=np.float32)  # type: ignore[arg-type]  # the stubs know no shape
    learnt = np.sort(np.argsort(-n_ratings, kind="stable")[: parameters.max_items])
    root = np.maximum(n_ratings[learnt].astype(np.float64), 0) ** (parameters.count_power / 2)
    known = PartedRows.of(design, learnt)
    gram = _kernel(known, known)
    gram *= root[:, None] * root
    gram[np.diag_indices(len(gram))] += parameters.regularization
    factor = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)  # λ > 0: positive definite
    del gram  # the factor is another array
    most, blocks = min(parameters.most, max(_FEWEST, _COEFFICIENTS // n_cold)), []
    for start in range(n_warm, n_warm + n_cold, _BLOCK):
        some = PartedRows.of(design, np.arange(start, min(start + _BLOCK, n_warm + n_cold)))
        like = _kernel(some, known) * root
        found = cho_solve(factor, like.T, overwrite_b=True, check_finite=False).T * root
        blocks.append(_largest(found, most, learnt, n_warm))
    return csr_matrix(vstack(blocks, format="csr"))


def _kernel(rows: PartedRows, others: PartedRows) -> NDArray[np.float64]:
    """That of each of ``rows`` with each of ``others``: 0 where one has no features."""
    products: NDArray[np.float64] = rows.products(others)
    products *= products + 2.0
    return products


def _largest(coefficients: NDArray[np.float64], most: int, of: NDArray[np.int64], n_columns: int) -> csr_matrix:
    """The ``most`` largest of each row, in absolute value, in the columns ``of`` of ``n_columns``."""
    n_rows, n_found = coefficients.shape
    kept = min(most, n_found)
    places = np.sort(np.argpartition(-np.abs(coefficients), kept - 1, axis=1)[:, :kept], axis=1)
    values = np.take_along_axis(coefficients, places, axis=1).astype(np.float32)
    starts = np.arange(n_rows + 1) * kept
    return csr_matrix((values.ravel(), of[places].astype(np.int32).ravel(), starts), shape=(n_rows, n_columns))
