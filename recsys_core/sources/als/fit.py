"""Training ALS by ``implicit``."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from recsys_core.dataset.feedback import Feedback
from recsys_core.errors import ShapeError
from recsys_core.scoring import check_item_ids, check_user_ratings
from recsys_core.sources.als.confidence import rating_confidence
from recsys_core.sources.als.model import ALSModel
from recsys_core.sources.als.normal_equations import regularized_gram, solve_rows
from recsys_core.sources.als.parameters import ALSParameters
from recsys_core.sources.solvers import ALSSolver

__all__ = ["fit_als", "solve_natively"]

Factors = NDArray[np.float32]


def fit_als(
    user_items: csr_matrix,
    item_ids: NDArray[np.int64],
    parameters: ALSParameters,
    *,
    feedback: Feedback,
    solve: ALSSolver | None = None,
) -> ALSModel:
    """Train ALS (Hu, Koren & Volinsky 2008) on ratings ``user_items``, CSR of shape (n_users, n_items).

    The same seed and parameters give the same bytes, whatever ``threads`` is. After the last alternation the
    users are solved once more against the final item factors: what is stored for a training user is what folding in
    their row gives. ``solve`` finds the item factors; by default :func:`solve_natively`.
    """
    ids = check_item_ids(item_ids, user_items.shape[1])
    ratings = check_user_ratings(user_items, len(ids))
    if ratings.nnz == 0:
        raise ShapeError(f"user_items of shape {ratings.shape} holds no rating, ALS needs at least one")
    confidence = rating_confidence(ratings, parameters, feedback)
    start = initial_factors(ratings.shape, parameters)
    with threadpool_limits(limits=1, user_api="blas"):  # the native trainer has threads of its own; sums keep an order
        item_factors = (solve or solve_natively)(confidence, start, parameters)
        gram = regularized_gram(item_factors, parameters.regularization)
        user_factors = solve_rows(item_factors, confidence, gram)
    return ALSModel(ids, item_factors, user_factors, parameters, feedback)


def initial_factors(shape: tuple[int, int], parameters: ALSParameters) -> tuple[Factors, Factors]:
    """Seeded user and item factors, uniform in [0, 0.01)."""
    rng = np.random.default_rng(parameters.seed)
    users = rng.random((shape[0], parameters.factors), dtype=np.float32) * np.float32(0.01)
    items = rng.random((shape[1], parameters.factors), dtype=np.float32) * np.float32(0.01)
    return users, items


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
