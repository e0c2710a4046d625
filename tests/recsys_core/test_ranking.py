"""The k best: against a full sort, with ties, hidden items and short rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recsys_core.errors import ParameterError
from recsys_core.hybrid import top_k


def by_sorting(scores: np.ndarray, k: int) -> list[list[int]]:
    """Allowed columns by falling score, then column number."""
    ranked = []
    for row in scores:
        order = [int(c) for c in np.lexsort((np.arange(len(row)), -row)) if row[c] > -np.inf]
        ranked.append(order[:k])
    return ranked


def as_lists(scores: np.ndarray, k: int) -> list[list[int]]:
    found = top_k(scores, k)
    return [found.item_nums[found.user_nums == row].tolist() for row in range(len(scores))]


@given(
    scores=hnp.arrays(np.float32, (3, 9), elements=st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0])),
    k=st.integers(1, 12),
)
def test_it_is_a_full_sort_with_ties_by_number(scores: np.ndarray, k: int) -> None:
    assert as_lists(scores, k) == by_sorting(scores, k)


@pytest.mark.parametrize("n_values", [5, 1_000_000])
@pytest.mark.parametrize("n_columns", [64 * 40 + 17, 64 * 40])
def test_group_maxima_lose_nothing_on_wide_rows(n_values: int, n_columns: int) -> None:
    rng = np.random.default_rng(1)
    scores = rng.integers(0, n_values, (7, n_columns)).astype(np.float32)
    scores[rng.random(scores.shape) < 0.3] = -np.inf
    scores[3] = -np.inf
    scores[4, 2:] = -np.inf
    assert as_lists(scores, 10) == by_sorting(scores, 10)


def test_scores_and_ranks_stand_beside_the_items() -> None:
    found = top_k(np.float32([[1, 3, 2], [-np.inf, 5, -np.inf]]), 2)
    assert found.user_nums.tolist() == [0, 0, 1]
    assert found.ranks.tolist() == [1, 2, 1]
    assert found.scores.tolist() == [3, 2, 5]


def test_a_view_that_is_not_contiguous_ranks_the_same() -> None:
    scores = np.arange(12, dtype=np.float32).reshape(4, 3)
    assert as_lists(scores.T, 2) == [[3, 2], [3, 2], [3, 2]]


@pytest.mark.parametrize("shape", [(0, 5), (3, 0)])
def test_nothing_to_rank_gives_nothing(shape: tuple[int, int]) -> None:
    assert len(top_k(np.zeros(shape, dtype=np.float32), 3).item_nums) == 0


def test_k_below_one_is_refused() -> None:
    with pytest.raises(ParameterError, match="k = 0: expected at least 1"):
        top_k(np.zeros((1, 3), dtype=np.float32), 0)
