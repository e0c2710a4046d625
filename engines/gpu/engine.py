"""The engine, and what keeps it from working."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from engines.gpu.als import cuda_solver, solve_als
from engines.gpu.ease import solve_ease
from engines.interface import StepName
from engines.local import LocalEngine
from recsys_core.errors import EngineError, ParameterError
from recsys_core.sources.als import ALSParameters
from recsys_core.sources.solvers import Solvers

__all__ = ["GPUEngine", "why_no_gpu"]

_INSTALL = "pip install '.[gpu]' in the project's folder"
_DECLINED: dict[StepName, str] = {
    "read": "files are parsed by processors",
    "validate": "Great Expectations runs on processors",
    "matrix": "reading the table takes longer than making the matrix",
    "top_k": "neighbours and content, which the hybrid's lists need, are computed on processors",
}
Factors = NDArray[np.float32]


def why_no_gpu() -> str:
    """Why no step can be done on a GPU here, and what would help, in one line; "" where one can."""
    try:
        import torch
    except (ImportError, OSError) as error:
        missing = "is not installed" if isinstance(error, ModuleNotFoundError) else f"cannot be loaded ({error})"
        return f"PyTorch {missing}: {_INSTALL}"
    if torch.version.cuda is None:
        return f"PyTorch {torch.__version__} is built without CUDA: {_INSTALL}, from PyPI"
    if not torch.cuda.is_available():
        return f"PyTorch {torch.__version__} sees no NVIDIA GPU with a driver for CUDA {torch.version.cuda}"
    return ""


class GPUEngine(LocalEngine):
    """:class:`engines.interface.Engine` that solves ALS and EASE on one NVIDIA GPU.

    Where ALS' libraries are missing, it is declined, and trained by processors.
    """

    name = "gpu"

    @cached_property
    def declined(self) -> Mapping[StepName, str]:
        try:
            cuda_solver()
        except ImportError as error:
            return {**_DECLINED, "als": f"implicit's CUDA solver cannot be used ({error}): {_INSTALL}"}
        return _DECLINED

    @property
    def solvers(self) -> Solvers:
        return Solvers(als=None if "als" in self.declined else _als, ease=_ease)


def _als(confidence: csr_matrix, start: tuple[Factors, Factors], parameters: ALSParameters) -> Factors:
    with _on_the_gpu(f"ALS of {parameters.factors} factors"):
        return solve_als(confidence, start, parameters)


def _ease(rows: csr_matrix, regularization: float) -> NDArray[np.float32]:
    import torch

    with _on_the_gpu(f"EASE of {rows.shape[1]:,} titles"):
        try:
            return solve_ease(rows, regularization)
        except torch.linalg.LinAlgError as error:
            said = f"the Gram matrix of {rows.shape[1]} items is not positive definite; raise it"
            raise ParameterError(f"regularization = {regularization}: {said}") from error


@contextmanager
def _on_the_gpu(what: str) -> Iterator[None]:
    """What fails in the block becomes an EngineError; memory that PyTorch keeps is free for others afterwards."""
    import torch

    try:
        yield
    except (RuntimeError, MemoryError, OverflowError) as error:
        said = str(error).splitlines() or [type(error).__name__]
        raise EngineError(f"{what} failed on the GPU: {said[0]}; it runs by processors with engine: local") from error
    finally:
        torch.cuda.empty_cache()
