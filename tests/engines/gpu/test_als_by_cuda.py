"""What is asked of implicit's CUDA solver, and what becomes of its answer; its solver on processors stands for it."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from implicit.cpu.als import AlternatingLeastSquares
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from engines.gpu import engine as gpu_engine
from engines.gpu.als import cuda_solver, solve_als
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.errors import EngineError, ParameterError
from recsys_core.sources.als import ALSParameters, rating_confidence, solve_natively
from recsys_core.sources.als.fit import initial_factors
from recsys_core.testing.builders import planted_interactions


class Matrix:
    """A matrix on the device, made of a writable buffer of floats, as the extension wants it."""

    def __init__(self, values: NDArray[np.float32]) -> None:
        assert values.dtype == np.float32
        assert values.flags.writeable
        self.values = values.copy()

    def to_numpy(self) -> NDArray[np.float32]:
        return self.values.copy()


class Solver:
    """Parameters and attributes of implicit.gpu.als.AlternatingLeastSquares."""

    made: Any = None

    def __init__(self, factors: int, regularization: float, alpha: float, iterations: int) -> None:
        assert factors % 32 == 0, "the kernel sums over whole warps"
        self.asked: dict[str, Any] = {
            "factors": factors, "regularization": regularization, "alpha": alpha, "iterations": iterations
        }  # fmt: skip
        self.cg_steps = 3
        self.user_factors: Any = None
        self.item_factors: Any = None
        Solver.made = self

    def fit(self, user_items: csr_matrix, show_progress: bool = True) -> None:
        assert user_items.indices.dtype == user_items.indptr.dtype == np.int32
        assert user_items.indices.flags.writeable
        native = AlternatingLeastSquares(**self.asked, use_cg=True, num_threads=1)
        native.cg_steps = self.cg_steps
        native.user_factors, native.item_factors = self.user_factors.to_numpy(), self.item_factors.to_numpy()
        native.fit(user_items, show_progress=show_progress)
        self.item_factors = Matrix(native.item_factors)


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """CUDA's libraries and the extension; answers with what is loaded, in order."""
    loaded: list[str] = []
    pathfinder = SimpleNamespace(load_nvidia_dynamic_lib=loaded.append)
    monkeypatch.setitem(sys.modules, "cuda", ModuleType("cuda"))
    monkeypatch.setitem(sys.modules, "cuda.pathfinder", pathfinder)
    monkeypatch.setitem(sys.modules, "rmm", ModuleType("rmm"))
    monkeypatch.setattr("implicit.gpu.HAS_CUDA", True)
    monkeypatch.setattr("implicit.gpu.Matrix", Matrix, raising=False)
    monkeypatch.setattr("implicit.gpu.als.AlternatingLeastSquares", Solver)
    return loaded


def problem(parameters: ALSParameters) -> tuple[csr_matrix, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    ratings = planted_interactions(60, 40, 700, seed=1).ratings
    confidence = rating_confidence(ratings, parameters, MOVIELENS.feedback)
    assert (confidence.data < 0).any()
    return confidence, initial_factors(confidence.shape, parameters)


@pytest.mark.parametrize("use_cg", [True, False])
@pytest.mark.parametrize("factors", [5, 32, 40])
def test_factors_are_those_of_the_processors_however_many_warps_they_fill(
    cuda: list[str], factors: int, use_cg: bool
) -> None:
    parameters = ALSParameters(factors=factors, iterations=4, use_cg=use_cg, threads=1)
    confidence, start = problem(parameters)
    expected = solve_natively(confidence, start, parameters)
    for array in (confidence.indices, confidence.indptr, confidence.data, *start):
        array.flags.writeable = False  # as arrays that are mapped from a file
    found = solve_als(confidence, start, parameters)
    assert found.shape == (confidence.shape[1], factors)
    assert found.flags.c_contiguous
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-3 * np.abs(expected).max())
    assert Solver.made.asked["alpha"] == 1.0
    assert cuda == ["cudart", "cublas", "cublasLt", "curand"]


def test_a_real_gpu_finds_the_scores_of_the_processors() -> None:
    try:
        cuda_solver()
    except ImportError as error:
        pytest.skip(f"implicit's CUDA solver cannot be used here: {error}")
    parameters = ALSParameters(factors=40, iterations=10, threads=1)
    confidence, start = problem(parameters)
    found, expected = (solve(confidence, start, parameters) for solve in (solve_als, solve_natively))
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=0.01 * np.abs(expected @ expected.T).max())


def test_more_than_the_solver_can_number_is_refused() -> None:
    wide = csr_matrix((1, 2**22), dtype=np.float32)
    with pytest.raises(OverflowError, match="32 bits"):
        solve_als(wide, (np.zeros((0, 0), np.float32),) * 2, ALSParameters(factors=512))


@pytest.mark.usefixtures("cuda")
def test_an_extension_without_its_libraries_tells_which_one_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HAS_CUDA", "HAS_RMM"):
        monkeypatch.setattr(f"implicit.gpu.{name}", False)
    monkeypatch.setitem(sys.modules, "implicit.gpu._cuda", None)  # where a GPU is, it could be loaded
    with pytest.raises(ImportError, match=r"(?i)disabling GPU support because of"):
        cuda_solver()


def test_a_library_of_cuda_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, cuda: list[str]) -> None:
    def load(name: str) -> None:
        if name == "curand":
            raise RuntimeError("Failure finding libcurand.so")

    monkeypatch.setattr(sys.modules["cuda.pathfinder"], "load_nvidia_dynamic_lib", load)
    with pytest.raises(ImportError, match=r"^curand of CUDA 13 is not there$"):
        cuda_solver()
    assert cuda == []


class NotPositiveDefiniteError(RuntimeError):
    pass


@pytest.fixture
def emptied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What of PyTorch the engine needs around a solver; answers with a word for each time its memory is let go."""
    done: list[str] = []
    found = SimpleNamespace(
        cuda=SimpleNamespace(empty_cache=lambda: done.append("emptied")),
        linalg=SimpleNamespace(LinAlgError=NotPositiveDefiniteError),
    )
    monkeypatch.setitem(sys.modules, "torch", found)
    return done


@pytest.mark.usefixtures("cuda")
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("CUDA out of memory. Tried to allocate 3 GiB\nmore lines"), "CUDA out of memory. Tried to"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_what_fails_on_the_gpu_is_told_in_one_line_and_its_memory_let_go(
    monkeypatch: pytest.MonkeyPatch, emptied: list[str], error: Exception, said: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(gpu_engine, "solve_als", fail)
    monkeypatch.setattr(gpu_engine, "solve_ease", fail)
    solvers = gpu_engine.GPUEngine().solvers
    assert solvers.als is not None
    assert solvers.ease is not None
    with pytest.raises(EngineError) as failed:
        solvers.als(*problem(ALSParameters()), ALSParameters())
    assert str(failed.value).startswith(f"ALS of 128 factors failed on the GPU: {said}")
    assert "\n" not in str(failed.value)
    with pytest.raises(EngineError, match=f"^EASE of 7 titles failed on the GPU: {said}"):
        solvers.ease(csr_matrix((2, 7)), 1.0)
    assert emptied == ["emptied"] * 2


@pytest.mark.usefixtures("emptied")
def test_a_matrix_that_is_not_positive_definite_is_refused_as_by_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise NotPositiveDefiniteError

    monkeypatch.setattr(gpu_engine, "solve_ease", fail)
    solve = gpu_engine.GPUEngine().solvers.ease
    assert solve is not None
    with pytest.raises(ParameterError, match=r"regularization = 0.5: the Gram matrix of 7 items is not positive"):
        solve(csr_matrix((2, 7)), 0.5)
