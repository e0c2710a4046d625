"""Sums of rows by mixtures, inner products, chosen entries: what comes out is what the dense arrays say."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recsys_core.sparse_rows import PartedRows, entries_at, mixed, selected


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


@pytest.mark.parametrize("filled", [0.0, 0.03, 0.5, 1.0])
def test_products_of_parted_rows_are_those_of_the_rows(filled: float) -> None:
    """Columns of every kind: the share of the rows that have one grows from left to right."""
    random = np.random.default_rng(1)
    rows = random.random((60, 12)) * (random.random((60, 12)) < filled * np.linspace(0.05, 1, 12))
    parted, nums = PartedRows.of(csr_matrix(rows)), np.array([7, 7, 59])

    np.testing.assert_allclose(parted[nums].products(parted), rows[nums] @ rows.T, atol=1e-12)
    np.testing.assert_allclose(PartedRows.of(csr_matrix(rows), nums).products(parted), rows[nums] @ rows.T, atol=1e-12)


@pytest.mark.parametrize("shape", [(0, 5), (1, 7), (6, 9), (3, 0)])
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_entries_are_the_chosen_values_and_no_others(shape: tuple[int, int], share: float) -> None:
    random = np.random.default_rng(2)
    values, chosen = random.random(shape).astype(np.float32), random.random(shape) < share
    found = entries_at(values, chosen)
    np.testing.assert_array_equal(found.toarray(), np.where(chosen, values, 0))
    assert found.nnz == chosen.sum()
    assert found.has_canonical_format
    assert found.dtype == np.float32
