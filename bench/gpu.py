"""Time of ALS, EASE and top-20 on a GPU, printed as a table: 25 million generated ratings in ml-25m's shape.

python -m bench.gpu
python -m bench.gpu --pack FOLDER                   # for another machine: python FOLDER/bench/gpu.py
python -m bench.gpu --device cpu --ratings 200000   # whether it works

Runs by itself where NumPy, SciPy and PyTorch are; what else is missing there is "not measured", with the reason.
"""

import argparse
import importlib.util
import platform
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

__all__ = ["main"]

ROOT: Final = Path(__file__).resolve().parents[1]
PACKED: Final = ("implicit", "librmm", "rmm", "rapids_logger", "cuda.pathfinder", "tqdm", "threadpoolctl")
"""What ALS needs, and is small: CUDA's own libraries are the other machine's."""
NEVER_PACKED: Final = ("__pycache__", "include", "cmake", "*.cu", "*.pxd", "*.pyx")
N_RATINGS, N_USERS, N_ITEMS, N_TITLES = 25_000_000, 162_541, 62_423, 20_000
FACTORS, ITERATIONS, K = 64, 15, 20


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="cpu is for trying the command")
    parser.add_argument("--ratings", type=int, default=N_RATINGS, help="people and titles become fewer alike")
    parser.add_argument("--times", type=int, default=3, help="the median of so many is told, after one that is not")
    parser.add_argument("--pack", type=Path, metavar="FOLDER", help="write what another machine needs, measure nothing")
    arguments = parser.parse_args(argv)
    if arguments.pack:
        _pack(arguments.pack)
        return
    import scipy
    import torch

    device = arguments.device
    if device == "cuda" and not torch.cuda.is_available():
        parser.error("PyTorch sees no GPU; --device cpu tries the command without one")
    share = arguments.ratings / N_RATINGS
    n_users, n_items, n_titles = (max(K + 1, round(n * share)) for n in (N_USERS, N_ITEMS, N_TITLES))
    ratings = _ratings(arguments.ratings, n_users, n_items)
    steps: dict[str, Callable[[], Callable[[], Any]]] = {
        f"ALS, {FACTORS} factors, {ITERATIONS} iterations": lambda: _als(ratings, device),
        f"EASE of {n_titles:,} titles": lambda: _ease(ratings, n_titles, device),
        f"top-{K} for {n_users:,} people, {n_items:,} titles": lambda: _top(ratings, device),
    }
    card = torch.cuda.get_device_name() if device == "cuda" else f"processors ({platform.machine()})"
    print(f"| {ratings.nnz:,} ratings, {card} | seconds |\n| --- | ---: |")
    for name, prepare in steps.items():
        print(f"| {name} | {_seconds(prepare, arguments.times)} |", flush=True)
    print(
        f"\n- versions: Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, "
        f"torch {torch.__version__} with CUDA {torch.version.cuda}"
    )


def _ratings(n_ratings: int, n_users: int, n_items: int) -> csr_matrix:
    """Half stars in long-tailed pairs, CSR of shape (n_users, n_items); a little fewer where draws coincide."""
    random = np.random.default_rng(0)
    users = (n_users * random.random(n_ratings) ** 1.5).astype(np.int64)
    items = random.permutation(n_items)[(n_items * random.random(n_ratings) ** 3).astype(np.int64)]
    keys = np.unique(users * n_items + items)
    values = random.integers(1, 11, len(keys)).astype(np.float32) / 2
    return csr_matrix((values, (keys // n_items, keys % n_items)), shape=(n_users, n_items))


def _seconds(prepare: Callable[[], Callable[[], Any]], times: int) -> str:
    """The median of what ``prepare`` answers, transfers included; the first call, which warms up, is not counted."""
    try:
        step = prepare()
        step()
        taken = []
        for _ in range(times):
            started = time.perf_counter()
            step()
            taken.append(time.perf_counter() - started)
    except (ImportError, RuntimeError, MemoryError) as error:  # what is missing, or does not fit
        return f"not measured: {(str(error).splitlines() or [type(error).__name__])[0]}"
    return f"{statistics.median(taken):.2f}"


def _als(ratings: csr_matrix, device: str) -> Callable[[], Any]:
    if device == "cpu":
        raise ImportError("implicit's CUDA solver needs a GPU")
    _with_packages()
    solver = _engines("als")
    solver.cuda_solver()
    liked = 1 + 5 * (ratings.data / 5) ** 3
    signed = np.where(ratings.data < 3, -1, liked).astype(np.float32)
    confidence = csr_matrix((signed, ratings.indices, ratings.indptr), shape=ratings.shape)
    random = np.random.default_rng(0)
    users, items = (random.random((n, FACTORS), dtype=np.float32) * np.float32(0.01) for n in ratings.shape)
    parameters = SimpleNamespace(factors=FACTORS, regularization=20.0, iterations=ITERATIONS, use_cg=True)
    return lambda: solver.solve_als(confidence, (users, items), parameters)


def _ease(ratings: csr_matrix, n_titles: int, device: str) -> Callable[[], Any]:
    counts = np.bincount(ratings.indices, minlength=ratings.shape[1])
    rows = csr_matrix(ratings[:, np.sort(np.argsort(-counts, kind="stable")[:n_titles])])
    rows.data[:] = (rows.data / 5) ** 2
    solver = _engines("ease")
    return lambda: solver.solve_ease(rows, 100.0, device=device)


def _top(ratings: csr_matrix, device: str) -> Callable[[], Any]:
    random = np.random.default_rng(0)
    users, items = (random.standard_normal((n, FACTORS), dtype=np.float32) for n in ratings.shape)
    right: NDArray[np.float32] = np.ascontiguousarray(items.T)
    tie_rank = random.permutation(ratings.shape[1])
    ranking = _engines("top_k")
    return lambda: ranking.product_top_k(users, right, K, seen=ratings, tie_rank=tie_rank, device=device)


def _engines(name: str) -> ModuleType:
    """A module of engines/gpu by its file: its package imports all of the project."""
    spec = importlib.util.spec_from_file_location(f"gpu_{name}", ROOT / "engines" / "gpu" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _with_packages() -> None:
    """Packed libraries can be imported; rmm, which needs more than itself, is stood for by the library it loads."""
    packed = str(ROOT / "packages")
    if packed not in sys.path:
        sys.path.append(packed)  # after what the machine has
    try:
        import rmm  # noqa: F401
    except ImportError:
        import librmm

        librmm.load_library()
        sys.modules["rmm"] = ModuleType("rmm")


def _pack(folder: Path) -> None:
    """This file, the modules that it measures, and the packages of :data:`PACKED` that are installed here."""
    modules = [f"engines/gpu/{name}.py" for name in ("als", "ease", "top_k")]
    for name in ("bench/gpu.py", *modules):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name in PACKED:
        spec = None
        with suppress(ModuleNotFoundError):  # what it lies in is not there
            spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            print(f"{name} is not installed: ALS will not be measured")
        elif spec.submodule_search_locations:
            ignored, place = shutil.ignore_patterns(*NEVER_PACKED), folder / "packages" / name.replace(".", "/")
            shutil.copytree(Path(spec.origin).parent, place, ignore=ignored, dirs_exist_ok=True)
        else:
            (folder / "packages").mkdir(exist_ok=True)
            shutil.copy(spec.origin, folder / "packages")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {size / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
