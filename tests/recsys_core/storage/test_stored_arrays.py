"""Arrays come back bit for bit, and nothing is ever unpickled."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_matrix

from recsys_core.errors import StorageError
from recsys_core.storage import load_arrays, load_csr, save_arrays, save_csr
from recsys_core.testing import user_item_matrices


class Trap:
    """Unpickling it leaves a trace."""

    sprung = False

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (_spring, ())


def _spring() -> None:
    Trap.sprung = True


@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.int32, np.int64, np.bool_]),
        hnp.array_shapes(min_dims=0, min_side=0),
    )
)
def test_arrays_come_back_bit_for_bit(tmp_path_factory: pytest.TempPathFactory, array: np.ndarray) -> None:
    path = tmp_path_factory.mktemp("arrays") / "stored.npz"
    save_arrays(path, first=array, text=np.array(["a", "é"]))
    found = load_arrays(path)
    assert list(found) == ["first", "text"]
    assert found["first"].dtype == array.dtype
    assert found["first"].shape == array.shape
    assert found["first"].tobytes() == array.tobytes()


@given(user_item_matrices(min_ratings=0))
def test_csr_comes_back_bit_for_bit(tmp_path_factory: pytest.TempPathFactory, matrix: csr_matrix) -> None:
    path = tmp_path_factory.mktemp("csr") / "stored.npz"
    save_csr(path, matrix)
    found = load_csr(path)
    assert found.shape == matrix.shape
    for name in ("data", "indices", "indptr"):
        kept, given_array = getattr(found, name), getattr(matrix, name)
        assert kept.dtype == given_array.dtype
        assert kept.tobytes() == given_array.tobytes()


def test_arrays_of_objects_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="'bad' holds Python objects"):
        save_arrays(tmp_path / "stored.npz", good=np.arange(3), bad=np.array([{}, None], dtype=object))
    assert not (tmp_path / "stored.npz").exists()


def test_a_pickle_inside_an_npz_is_not_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "stored.npz", trap=np.array([Trap()], dtype=object))
    with pytest.raises(StorageError, match="cannot be read as arrays"):
        load_arrays(tmp_path / "stored.npz")
    assert not Trap.sprung


def test_a_pickle_under_the_name_of_an_npz_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "stored.npz").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(StorageError, match="cannot be read as arrays"):
        load_arrays(tmp_path / "stored.npz")
    assert not Trap.sprung


def test_a_single_array_under_the_name_of_an_npz_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "stored.npz").open("wb") as opened:
        np.save(opened, np.arange(3))
    with pytest.raises(StorageError, match="cannot be read as arrays"):
        load_arrays(tmp_path / "stored.npz")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_file_is_a_storage_error(tmp_path: Path, share: float) -> None:
    path = tmp_path / "stored.npz"
    save_arrays(path, first=np.arange(1000))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(StorageError, match="make it again"):
        load_arrays(path)


def test_a_flipped_bit_is_a_storage_error(tmp_path: Path) -> None:
    path = tmp_path / "stored.npz"
    save_arrays(path, first=np.arange(1000))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(StorageError, match="make it again"):
        load_arrays(path)


def test_a_missing_file_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"absent\.npz"):
        load_csr(tmp_path / "absent.npz")


@pytest.mark.parametrize(
    "changed",
    [
        {"shape": None},
        {"shape": np.array([2])},
        {"indices": np.array([0, 3], dtype=np.int32)},
        {"indices": np.array([0, -1], dtype=np.int32)},
        {"indptr": np.array([0, 2], dtype=np.int32)},
        {"indptr": np.array([0, 5, 2], dtype=np.int32)},
        {"data": np.ones(3, dtype=np.float32)},
    ],
    ids=[
        "no shape",
        "short shape",
        "column too large",
        "negative column",
        "rows missing",
        "rows fall",
        "data too long",
    ],
)
def test_arrays_that_make_no_csr_are_refused(tmp_path: Path, changed: dict[str, np.ndarray | None]) -> None:
    arrays: dict[str, np.ndarray | None] = {
        "data": np.ones(2, dtype=np.float32),
        "indices": np.array([0, 2], dtype=np.int32),
        "indptr": np.array([0, 1, 2], dtype=np.int32),
        "shape": np.array([2, 3]),
    }
    arrays.update(changed)
    save_arrays(tmp_path / "stored.npz", **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(StorageError, match="is not a stored CSR matrix"):
        load_csr(tmp_path / "stored.npz")
