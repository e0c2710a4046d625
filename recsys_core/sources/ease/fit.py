"""The closed form of EASE (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW).

Features of the items join as further rows below the ratings, as if each feature were a user who "rated" the items that
have it (Jeunen, Van Balen & Goethals 2020, "Closed-Form Models for Collaborative Filtering with Side-Information",
RecSys, doi:10.1145/3383313.3418480): the closed form stays, and so does the score, a sum over the user's own titles.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.linalg.lapack import dpotrf, dpotri, spotrf, spotri
from scipy.sparse import csr_matrix, diags_array, vstack

from recsys_core.dataset.feedback import Feedback
from recsys_core.errors import ParameterError, ShapeError
from recsys_core.features import ItemFeatures
from recsys_core.gram import gram_of, mirrored
from recsys_core.scoring import check_item_ids, check_user_ratings
from recsys_core.sources.ease.model import EASEModel
from recsys_core.sources.ease.parameters import EASEParameters
from recsys_core.sources.solvers import EASESolver

__all__ = ["fit_ease", "item_scale", "most_rated", "solve_ease", "solve_ease_by_users", "solve_rows", "training_rows"]


def fit_ease(
    user_items: csr_matrix,
    item_ids: NDArray[np.int64],
    parameters: EASEParameters,
    *,
    feedback: Feedback,
    features: ItemFeatures | None = None,
    solve: EASESolver | None = None,
) -> EASEModel:
    """Train EASE on ratings ``user_items``, CSR of shape (n_users, n_items), and on the items' features.

    At most ``parameters.max_items`` most rated items take part; memory is about 16 bytes per pair of them,
    half of that where there are fewer users (and features) than items. ``features`` stand row for row with
    ``item_ids``; without them, or with ``feature_weight = 0``, the model is plain EASE. ``solve`` finds the weights;
    by default :func:`solve_rows`.
    """
    ids = check_item_ids(item_ids, user_items.shape[1])
    ratings = check_user_ratings(user_items, len(ids))
    kept_nums = most_rated(ratings, parameters.max_items, parameters.min_item_ratings)
    rows = training_rows(ratings, kept_nums, parameters, feedback)
    if features is not None and parameters.feature_weight > 0:
        described = feature_rows(features, ids, parameters)[:, kept_nums]
        rows = csr_matrix(vstack([rows, described * np.float32(np.sqrt(parameters.feature_weight))], format="csr"))
    scale = item_scale(np.asarray(rows.multiply(rows).sum(axis=0)).ravel(), parameters.item_power)
    rows = csr_matrix(rows @ diags_array(scale))
    weights = (solve or solve_rows)(rows, parameters.regularization)
    if parameters.item_power > 0:
        weights *= scale[:, None] / scale
    return EASEModel(ids, kept_nums, weights, parameters, feedback)


def training_rows(
    ratings: csr_matrix, kept_nums: NDArray[np.int64], parameters: EASEParameters, feedback: Feedback
) -> csr_matrix:
    """Ratings as they are learnt from: CSR of shape (n_users, n_kept), float32.

    With ``user_power`` p a row counts (n / mean n)^-p times in the Gram matrix.
    """
    rows = feedback.powers(ratings, parameters.rating_power)
    if parameters.user_power > 0:
        lengths = np.diff(ratings.indptr)
        shares = np.maximum(lengths, 1) / lengths[lengths > 0].mean()
        rows.data *= np.repeat(shares ** (-parameters.user_power / 2), lengths).astype(np.float32)
    return csr_matrix(rows[:, kept_nums])


def item_scale(squares: NDArray[np.floating], item_power: float) -> NDArray[np.float32]:
    """By what each column is multiplied before the weights are learnt: square sums^-item_power, 1 on average."""
    if item_power == 0:
        return np.ones(len(squares), dtype=np.float32)
    scale = np.maximum(squares, 1e-12) ** -item_power
    return np.asarray(scale / scale.mean(), dtype=np.float32)


def feature_rows(features: ItemFeatures, item_ids: NDArray[np.int64], parameters: EASEParameters) -> csr_matrix:
    """One row for each feature, before ``feature_weight``: CSR of shape (n_features, n_items), float32."""
    if not np.array_equal(features.item_ids, item_ids):
        raise ShapeError(
            f"features of {len(features.item_ids)} items do not stand row for row with {len(item_ids)} item_ids; "
            "select them first"
        )
    shares = {name: float(np.sqrt(weight)) for name, weight in parameters.group_weights.items()}
    return csr_matrix(features.side_by_side(shares).T)


def most_rated(user_items: csr_matrix, max_items: int, min_ratings: int = 1) -> NDArray[np.int64]:
    """Numbers of the ``max_items`` items with the most ratings, sorted; ties go to the lower number.

    Items with fewer than ``min_ratings`` are left out, unless that left nothing.
    """
    counts = np.bincount(user_items.indices, minlength=user_items.shape[1])
    order = np.argsort(-counts, kind="stable")[:max_items]
    enough = order[counts[order] >= min_ratings]
    return np.sort(enough if len(enough) else order[counts[order] > 0]).astype(np.int64)


def solve_rows(rows: csr_matrix, regularization: float) -> NDArray[np.float32]:
    """The weights that ``rows`` (n_rows, n_kept) give, by the smaller of the two systems."""
    if rows.shape[0] < rows.shape[1]:
        return solve_ease_by_users(rows, regularization)
    return solve_ease(gram_of(rows), regularization)


def solve_ease(
    gram: NDArray[np.floating], regularization: float, *, precision: type[np.floating] = np.float64
) -> NDArray[np.float32]:
    """Weights B that minimise ‖X - XB‖² + regularization·‖B‖² with diag(B) = 0, from the Gram matrix XᵀX.

    With P = (XᵀX + regularization·I)⁻¹ the solution is B_ji = -P_ji / P_ii off the diagonal. P comes from a Cholesky
    factorisation (potrf, potri), several times faster than a general inverse.

    Returns float32 of shape (n_kept, n_kept).
    """
    n_kept = len(gram)
    if n_kept == 0:
        return np.zeros((0, 0), dtype=np.float32)
    # Fortran order, so that LAPACK works in this array and makes no copy.
    matrix = np.array(gram, dtype=precision, order="F")
    matrix[np.diag_indices(n_kept)] += regularization
    factorise, invert = (dpotrf, dpotri) if precision == np.float64 else (spotrf, spotri)
    matrix, fault = factorise(matrix, lower=True, overwrite_a=True, clean=False)
    if fault:
        raise ParameterError(
            f"regularization = {regularization}: the Gram matrix of {n_kept} items is not positive definite; raise it"
        )
    matrix, _ = invert(matrix, lower=True, overwrite_c=True)
    diagonal = np.diag(matrix).astype(np.float32)
    weights: NDArray[np.float32] = mirrored(matrix.astype(np.float32, copy=False)).T  # symmetric, now in C order
    weights[np.diag_indices(n_kept)] = 0.0
    weights /= -diagonal
    return weights


def solve_ease_by_users(strength: csr_matrix, regularization: float) -> NDArray[np.float32]:
    """The weights of :func:`solve_ease` from X itself, for fewer users than items; CSR of shape (n_users, n_kept).

    With XXᵀ + regularization·I = LLᵀ and Z = L⁻¹X, Woodbury's identity gives P = (I - ZᵀZ) / regularization, so
    B_ji = z_j·z_i / (1 - z_i·z_i): a system of the size of the users, then one matrix product.

    Returns float32 of shape (n_kept, n_kept).
    """
    kernel = (strength @ strength.T).toarray().astype(np.float64)
    kernel[np.diag_indices(len(kernel))] += regularization
    lower = cholesky(kernel, lower=True, overwrite_a=True, check_finite=False)
    z = solve_triangular(lower, strength.toarray().astype(np.float64), lower=True, overwrite_b=True)
    left_over = 1.0 - (z * z).sum(axis=0)
    narrow = z.astype(np.float32)
    weights: NDArray[np.float32] = narrow.T @ narrow
    weights /= left_over.astype(np.float32)
    np.fill_diagonal(weights, 0.0)
    return weights
