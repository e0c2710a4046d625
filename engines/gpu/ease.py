"""EASE by PyTorch. Imports nothing of this project: bench/gpu.py takes it along."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

__all__ = ["solve_ease"]

_BLOCK_FLOATS = 1 << 28  # of rows made dense at a time: 1 or 2 GiB
_SINGLE_PRECISION_RATIO = 1e4  # up to it, rounding of the Gram matrix is below a thousandth of the regularization


def solve_ease(rows: csr_matrix, regularization: float, *, device: str = "cuda") -> NDArray[np.float32]:
    """Weights, float32 of shape (n_kept, n_kept): an :data:`recsys_core.sources.solvers.EASESolver`.

    The closed form of :func:`recsys_core.sources.ease.fit.solve_ease` from the Gram matrix, in single precision; in
    double where rows are fewer than items, or the regularization small beside an item's square sum, or single does not
    do. The device's memory holds three matrices, 12 or 24 bytes per pair of items, and a block of rows.

    Raises RuntimeError, as PyTorch does, where that does not fit or the matrix is not positive definite.
    """
    import torch

    n_kept = rows.shape[1]
    if n_kept == 0:
        return np.zeros((0, 0), dtype=np.float32)
    squares = np.bincount(rows.indices, weights=rows.data.astype(np.float64) ** 2)
    single = rows.shape[0] >= n_kept and squares.max(initial=0.0) < _SINGLE_PRECISION_RATIO * regularization
    if single:
        lower, fault = torch.linalg.cholesky_ex(_gram(rows, regularization, torch.float32, device))
        single = not int(fault)
    if not single:
        lower = torch.linalg.cholesky(_gram(rows, regularization, torch.float64, device))
    inverse = torch.cholesky_inverse(lower)
    inverse /= -inverse.diagonal().clone()
    inverse.fill_diagonal_(0.0)
    weights: NDArray[np.float32] = inverse.float().cpu().numpy()
    return weights


def _gram(rows: csr_matrix, regularization: float, precision: Any, device: str) -> Any:
    """XᵀX + regularization·I, (n_kept, n_kept): dense products of blocks of rows are what a GPU is good at."""
    import torch

    n_rows, n_kept = rows.shape
    block = max(1, min(n_rows, _BLOCK_FLOATS // n_kept))
    gram = torch.zeros((n_kept, n_kept), dtype=precision, device=device)
    gram.diagonal().add_(regularization)
    for start in range(0, n_rows, block):
        part = rows[start : start + block]
        users = np.repeat(np.arange(part.shape[0]), np.diff(part.indptr))
        places = [torch.from_numpy(nums.astype(np.int64)).to(device) for nums in (users, part.indices)]
        dense = torch.zeros((part.shape[0], n_kept), dtype=precision, device=device)
        dense.index_put_(tuple(places), torch.from_numpy(part.data).to(device, precision), accumulate=True)
        gram.addmm_(dense.T, dense)
    return gram
