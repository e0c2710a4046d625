"""ALS by the CUDA solver of ``implicit``. Imports nothing of this project: bench/gpu.py takes it along."""

import importlib
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

if TYPE_CHECKING:
    from recsys_core.sources.als import ALSParameters

__all__ = ["cuda_solver", "solve_als"]

Factors = NDArray[np.float32]

_LIBRARIES = ("cudart", "cublas", "cublasLt", "curand")
_WARP = 32  # threads that sum together; the solver has one thread for each factor
_CG_STEPS = 3  # those of the solver on processors
_MOST = 2**31  # the solver numbers factors and ratings with 32 bits


def cuda_solver() -> Any:
    """The module ``implicit.gpu``, ready to compute; ImportError, with the reason, where it is not.

    Its extension finds only libraries that are loaded already. Where one is missing, the module merely warns and
    switches itself off, for good: it is loaded anew if somebody imported ``implicit`` before the libraries were there.
    """
    from cuda.pathfinder import load_nvidia_dynamic_lib

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            for library in _LIBRARIES:
                load_nvidia_dynamic_lib(library)
        except RuntimeError as error:
            raise ImportError(f"{library} of CUDA 13 is not there") from error
        import rmm  # noqa: F401  # before implicit.gpu: it loads librmm

        gpu: Any = importlib.import_module("implicit.gpu")
        if not gpu.HAS_CUDA:
            gpu = importlib.reload(gpu)
    if not gpu.HAS_CUDA:
        raise ImportError(str(told[-1].message) if told else "implicit was built without CUDA")
    return gpu


def solve_als(confidence: csr_matrix, start: tuple[Factors, Factors], parameters: "ALSParameters") -> Factors:
    """Item factors, float32 of shape (n_items, factors): an :data:`recsys_core.sources.solvers.ALSSolver`.

    The same objective, start and conjugate-gradient steps (Takács, Pilászy & Tikk 2011) as on processors; negative
    confidence is a confident zero there, too. Exact solutions (``use_cg = False``) are approached by as many steps as
    there are factors. The kernel sums over whole warps, so factors are padded with zeros, which stay zero: their
    residual is only -regularization times themselves.

    Raises OverflowError for more ratings or factors than 32 bits can number.
    """
    padding = -parameters.factors % _WARP
    if max(confidence.nnz, max(confidence.shape) * (parameters.factors + padding)) >= _MOST:
        raise OverflowError(f"{confidence.nnz:,} ratings of {confidence.shape} pairs are more than 32 bits can number")
    gpu = cuda_solver()
    solver = importlib.import_module("implicit.gpu.als").AlternatingLeastSquares(
        factors=parameters.factors + padding,
        regularization=parameters.regularization,
        alpha=1.0,  # the confidence is in the matrix already
        iterations=parameters.iterations,
    )
    solver.cg_steps = _CG_STEPS if parameters.use_cg else parameters.factors
    solver.user_factors, solver.item_factors = (gpu.Matrix(np.pad(side, ((0, 0), (0, padding)))) for side in start)
    counted = (np.array(numbers, dtype=np.int32) for numbers in (confidence.indices, confidence.indptr))  # writable
    solver.fit(csr_matrix((confidence.data, *counted), shape=confidence.shape), show_progress=False)
    factors: Factors = np.ascontiguousarray(solver.item_factors.to_numpy()[:, : parameters.factors])
    return factors
