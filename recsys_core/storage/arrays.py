"""NumPy and SciPy arrays as uncompressed npz, read with pickling off."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import StorageError
from recsys_core.syntax import PARSER

__all__ = ["load_arrays", "load_csr", "save_arrays", "save_csr"]


def save_arrays(path: Path, **arrays: NDArray[Any]) -> None:
    """Write named arrays to one npz file."""
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise StorageError(f"{path.name}: array {name!r} holds Python objects, which would be pickled")
    with path.open("wb") as opened:
        np.savez(opened, **arrays)  # type: ignore[arg-type]


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read what :func:`save_arrays` wrote."""
    try:
        # Opened here: numpy leaves a file that is no zip archive open.
        with PARSER, path.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, TypeError, ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise StorageError(f"{path}: cannot be read as arrays ({error}); make it again") from error


def save_csr(path: Path, matrix: csr_matrix) -> None:
    """Write a CSR matrix to one npz file."""
    save_arrays(
        path,
        data=matrix.data,
        indices=matrix.indices,
        indptr=matrix.indptr,
        shape=np.asarray(matrix.shape, dtype=np.int64),
    )


def load_csr(path: Path) -> csr_matrix:
    """Read what :func:`save_csr` wrote."""
    stored = load_arrays(path)
    try:
        shape = (int(stored["shape"][0]), int(stored["shape"][1]))
        matrix = csr_matrix((stored["data"], stored["indices"], stored["indptr"]), shape=shape)
        matrix.check_format(full_check=True)  # native code would follow a wrong index out of the array
    except (KeyError, IndexError, ValueError) as error:
        raise StorageError(f"{path}: is not a stored CSR matrix ({error}); make it again") from error
    return matrix
