"""EASE and lists by PyTorch are those of processors; on its CPU device, so that no GPU is needed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_matrix, vstack

from engines.gpu import ease, top_k
from recsys_core.ranking import top_k as ranked_here
from recsys_core.sources.ease.fit import solve_rows
from recsys_core.testing.builders import planted_interactions

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra gpu)")


@pytest.fixture(params=["cpu", "cuda"], scope="module")
def device(request: pytest.FixtureRequest) -> str:
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("PyTorch sees no GPU")
    return str(request.param)


def rows_of(n_users: int, n_items: int) -> csr_matrix:
    rows = planted_interactions(n_users, n_items, n_users * n_items // 4, seed=2).ratings.astype(np.float32)
    rows.data /= 5
    return csr_matrix(rows)


@pytest.mark.parametrize("shape", [(80, 30), (20, 50)])
@pytest.mark.parametrize("regularization", [1e-3, 0.5, 30.0])
def test_weights_are_those_of_the_processors(shape: tuple[int, int], regularization: float, device: str) -> None:
    rows = rows_of(*shape)
    found, expected = ease.solve_ease(rows, regularization, device=device), solve_rows(rows, regularization)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * max(1.0, np.abs(expected).max()))
    assert not np.diag(found).any()


def test_an_ill_conditioned_matrix_is_inverted_in_double(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    twins = np.random.default_rng(0).integers(0, 2, (3000, 1)).astype(np.float32)
    rows = csr_matrix(np.hstack([twins] * 12))
    expected, scale = solve_rows(rows, 1e-3), 1 / 11
    assert np.abs(ease.solve_ease(rows, 1e-3, device=device) - expected).max() < 1e-5 * scale
    monkeypatch.setattr(ease, "_SINGLE_PRECISION_RATIO", np.inf)
    assert np.abs(ease.solve_ease(rows, 1e-3, device=device) - expected).max() > 1e-3 * scale


def test_rows_may_come_in_blocks_and_name_a_pair_twice(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    rows = rows_of(80, 30)
    whole = ease.solve_ease(rows, 5.0, device=device)
    monkeypatch.setattr(ease, "_BLOCK_FLOATS", 30 * 7)
    np.testing.assert_allclose(ease.solve_ease(rows, 5.0, device=device), whole, rtol=0, atol=1e-6)
    twice = csr_matrix((rows.data.repeat(2) / 2, rows.indices.repeat(2), rows.indptr * 2), shape=rows.shape)
    np.testing.assert_allclose(ease.solve_ease(twice, 5.0, device=device), whole, rtol=0, atol=1e-6)


def test_no_titles_have_no_weights(device: str) -> None:
    assert ease.solve_ease(csr_matrix((5, 0), dtype=np.float32), 1.0, device=device).shape == (0, 0)


def test_a_matrix_that_is_not_positive_definite_is_refused(device: str) -> None:
    with pytest.raises(RuntimeError, match="not positive-definite"):
        ease.solve_ease(csr_matrix(vstack([rows_of(80, 30)])), -3.0, device=device)


@st.composite
def products(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, csr_matrix, np.ndarray, int, int]:
    """Factors whose products tie and are exact, seen items, an order among ties, k and a block."""
    n_users, n_items = draw(st.tuples(st.integers(0, 6), st.integers(1, 9)))
    whole = st.sampled_from([-2.0, -1.0, -0.0, 0.0, 1.0, 3.0])
    left = draw(hnp.arrays(np.float32, (n_users, 2), elements=whole))
    right = draw(hnp.arrays(np.float32, (2, n_items), elements=whole))
    seen = csr_matrix(draw(hnp.arrays(np.bool_, (n_users, n_items))).astype(np.float32))
    tie_rank = np.array(draw(st.permutations(range(n_items))))
    return left, right, seen, tie_rank, draw(st.integers(1, 12)), draw(st.integers(1, 4))


@given(case=products())
def test_lists_by_a_product_are_those_of_the_processors(
    device: str, case: tuple[np.ndarray, np.ndarray, csr_matrix, np.ndarray, int, int]
) -> None:
    left, right, seen, tie_rank, k, block = case
    for hidden, order in ((seen, tie_rank), (None, tie_rank), (seen, None)):
        found = top_k.product_top_k(left, right, k, seen=hidden, tie_rank=order, device=device, block=block)
        expected = ranked_here(left @ right, k, seen=hidden, tie_rank=order)
        for ours, theirs in zip(found, (expected.user_nums, expected.item_nums, expected.scores), strict=True):
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)


def test_lists_of_any_scores_are_those_of_the_processors(device: str) -> None:
    random = np.random.default_rng(0)
    left, right = (random.standard_normal(shape).astype(np.float32) for shape in ((50, 8), (8, 3000)))
    users, items, scores = top_k.product_top_k(left, right, 20, device=device, block=16)
    expected = ranked_here(left @ right, 20)
    np.testing.assert_array_equal(users, expected.user_nums)
    np.testing.assert_array_equal(items, expected.item_nums)
    np.testing.assert_allclose(scores, expected.scores, rtol=1e-5)


def test_a_score_that_is_not_a_number_is_refused(device: str) -> None:
    left = np.array([[1.0], [np.nan]], dtype=np.float32)
    with pytest.raises(ValueError, match="users 0 to 1: a score is not a number"):
        top_k.product_top_k(left, np.ones((1, 3), dtype=np.float32), 2, device=device)
