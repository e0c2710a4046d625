"""Sums of rows by mixtures: whatever is looked at, what comes out is the product."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recsys_core.sparse_rows import mixed, selected


@pytest.mark.parametrize("more", [0, 3])
@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("sparse", [False, True])
def test_a_mixture_is_the_product_with_the_first_rows(share: float, sparse: bool, more: int) -> None:
    random = np.random.default_rng(0)
    mixture = csr_matrix(random.random((4, 50)) * (random.random((4, 50)) < share))
    rows = (random.random((50 + more, 6)) * (random.random((50 + more, 6)) < 0.5)).astype(np.float32)

    found = mixed(mixture, csr_matrix(rows)).toarray() if sparse else mixed(mixture, rows)

    np.testing.assert_allclose(found, mixture.toarray() @ rows[:50].astype(np.float64), atol=1e-12)
    assert found.dtype == np.float64


def test_selecting_is_a_mixture_of_single_rows() -> None:
    rows = np.arange(40, dtype=np.float32).reshape(20, 2)
    np.testing.assert_array_equal(mixed(selected(np.array([3, 3, 19]), 20), rows), rows[[3, 3, 19]])
