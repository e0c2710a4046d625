"""The Gram matrix of rows that differ much in length."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.gram import gram_of


@given(
    seed=st.integers(0, 99),
    n_columns=st.sampled_from([0, 1, 60, 300]),
    longest=st.sampled_from([0.0, 0.04, 1.0]),
    kind=st.sampled_from([np.float32, np.float64]),
)
def test_it_is_the_product_whatever_rows_are_long(seed: int, n_columns: int, longest: float, kind: type) -> None:
    rng = np.random.default_rng(seed)
    shares = rng.choice([0.0, 0.02, longest], size=(20, 1))
    dense = (rng.normal(0, 1, (20, n_columns)) * (rng.random((20, n_columns)) < shares)).astype(kind)
    found = gram_of(csr_matrix(dense))
    assert found.dtype == kind
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_allclose(found, dense.T.astype(np.float64) @ dense, rtol=0, atol=1e-4)
