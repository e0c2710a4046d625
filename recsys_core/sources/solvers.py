"""What ALS and EASE ask of an engine: the solution alone, of a problem that is stated in arrays."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

if TYPE_CHECKING:
    from recsys_core.sources.als.parameters import ALSParameters

__all__ = ["HERE", "ALSSolver", "EASESolver", "Solvers"]

Factors = NDArray[np.float32]
ALSSolver = Callable[[csr_matrix, tuple[Factors, Factors], "ALSParameters"], Factors]
"""From signed confidence, CSR float32 of shape (n_users, n_items) as
:func:`recsys_core.sources.als.rating_confidence` gives it, initial user and item factors, and parameters to the item
factors, float32 of shape (n_items, factors)."""
EASESolver = Callable[[csr_matrix, float], NDArray[np.floating[Any]]]
"""From rows to learn from, CSR float32 of shape (n_rows, n_kept), and the regularisation to the weights, float32 of
shape (n_kept, n_kept) with a diagonal of zeros."""


@dataclass(frozen=True, slots=True)
class Solvers:
    """Solvers other than this machine's own; None where that is meant."""

    als: ALSSolver | None = None
    ease: EASESolver | None = None


HERE = Solvers()
"""Everything on this machine's processors."""
