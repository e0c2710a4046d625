"""Training ALS by ``implicit``."""

from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.numbering import positions_in
from recsys_core.errors import ShapeError
from recsys_core.scoring import check_item_ids, check_user_ratings
from recsys_core.sources.als.confidence import told_confidence
from recsys_core.sources.als.model import ALSModel
from recsys_core.sources.als.parameters import ALSParameters
from recsys_core.sources.solvers import ALSSolver
from recsys_core.sources.source import Source

__all__ = ["fit_als", "solve_natively"]

Factors = NDArray[np.float32]
_KNOWN = 0.9  # of the ratings are of items that a start must know: a few alternations do not find the factors of many


def fit_als(
    user_items: csr_matrix,
    item_ids: NDArray[np.int64],
    parameters: ALSParameters,
    *,
    feedback: Feedback,
    start: Source | None = None,
    solve: ALSSolver | None = None,
) -> ALSModel:
    """Train ALS (Hu, Koren & Volinsky 2008) on ratings ``user_items``, CSR of shape (n_users, n_items).

    The same seed and parameters give the same bytes, whatever ``threads`` is. Users' factors are not kept: folding a
    row in gives those that fit the final item factors. ``solve`` finds these; by default :func:`solve_natively`.

    From ``parameters.warm_ratings`` ratings on training starts from the item factors of ``start``, an ALS model with as
    many factors that knows the items of nearly all ratings, and takes ``parameters.warm_iterations``; another ``solve``
    begins anew.
    """
    ids = check_item_ids(item_ids, user_items.shape[1])
    ratings = check_user_ratings(user_items, len(ids))
    if ratings.nnz == 0:
        raise ShapeError(f"user_items of shape {ratings.shape} holds no rating, ALS needs at least one")
    confidence = told_confidence(ratings, parameters, feedback)
    first, trained_with = initial_factors(ratings.shape, parameters), parameters
    if solve is None and _is_start(start, parameters) and ratings.nnz >= parameters.warm_ratings:
        factors, is_known = _known_factors(start, ids, first[1])
        if is_known[ratings.indices].mean() >= _KNOWN:
            first, trained_with = (first[0], factors), parameters.replace(iterations=parameters.warm_iterations)
    with threadpool_limits(limits=1, user_api="blas"):  # the native trainer has threads of its own; sums keep an order
        item_factors = (solve or solve_natively)(confidence, first, trained_with)
    return ALSModel(ids, item_factors, parameters, feedback)


def initial_factors(shape: tuple[int, int], parameters: ALSParameters) -> tuple[Factors, Factors]:
    """Seeded user and item factors, uniform in [0, 0.01)."""
    rng = np.random.default_rng(parameters.seed)
    users = rng.random((shape[0], parameters.factors), dtype=np.float32) * np.float32(0.01)
    items = rng.random((shape[1], parameters.factors), dtype=np.float32) * np.float32(0.01)
    return users, items


def _is_start(start: Source | None, parameters: ALSParameters) -> TypeGuard[ALSModel]:
    return isinstance(start, ALSModel) and start.item_factors.shape[1] == parameters.factors


def _known_factors(start: ALSModel, item_ids: NDArray[np.int64], initial: Factors) -> tuple[Factors, NDArray[np.bool_]]:
    """The item factors of ``start``, and the ``initial`` ones of items that it does not know; which it knows."""
    places = positions_in(start.item_ids, item_ids)
    found = start.item_factors[places]
    is_known = (places >= 0) & found.any(axis=1)
    found[~is_known] = initial[~is_known]
    return found, is_known


def solve_natively(confidence: csr_matrix, start: tuple[Factors, Factors], parameters: ALSParameters) -> Factors:
    """Item factors by the native solver of ``implicit``; each row is solved by one thread, so threads change no bit."""
    from implicit.cpu.als import AlternatingLeastSquares

    native = AlternatingLeastSquares(
        factors=parameters.factors,
        regularization=parameters.regularization,
        alpha=1.0,  # the confidence is in the matrix already
        iterations=parameters.iterations,
        use_cg=parameters.use_cg,
        num_threads=parameters.threads,
    )
    native.user_factors, native.item_factors = (side.copy() for side in start)
    native.fit(confidence, show_progress=False)
    factors: Factors = native.item_factors
    return factors
