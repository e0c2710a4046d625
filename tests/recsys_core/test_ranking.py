"""The k best of each row: against a plain sort, with ties, seen and hidden items, narrow and wide rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_matrix

from recsys_core.errors import DataError, ParameterError, ShapeError
from recsys_core.ranking import NO_ITEM, hide, product_top_k, tie_ranks, top_k

_GROUPED = 64 * 40  # so many columns and more are ranked by group maxima where k is 10
_CROWDED = 6_000  # so many equal scores are not sorted


def sorted_by_hand(scores: np.ndarray, seen: csr_matrix, k: int, tie_rank: np.ndarray) -> list[list[int]]:
    rows = []
    for row, hidden in zip(scores, seen.toarray() != 0, strict=True):
        order = [int(c) for c in np.lexsort((tie_rank, -row)) if row[c] > -np.inf and not hidden[c]]
        rows.append((order + [NO_ITEM] * k)[:k])
    return rows


@st.composite
def rankings(draw: st.DrawFn) -> tuple[np.ndarray, csr_matrix, int, np.ndarray]:
    """Scores with many ties and some -inf, seen items, k, and an order among ties."""
    shape = draw(st.tuples(st.integers(1, 5), st.integers(1, 9)))
    scores = draw(hnp.arrays(np.float32, shape, elements=st.sampled_from([-np.inf, -2.0, 0.0, 1.0, 1.5])))
    seen = draw(hnp.arrays(np.bool_, shape))
    tie_rank = np.array(draw(st.permutations(range(shape[1]))))
    return scores, csr_matrix(seen.astype(np.float32)), draw(st.integers(1, 12)), tie_rank


@given(rankings())
def test_it_is_what_a_plain_sort_gives(case: tuple[np.ndarray, csr_matrix, int, np.ndarray]) -> None:
    scores, seen, k, tie_rank = case
    before, nothing, by_number = scores.copy(), csr_matrix(scores.shape), np.arange(scores.shape[1])
    for hidden, order in ((seen, tie_rank), (seen, by_number), (nothing, tie_rank)):
        found = top_k(scores, k, seen=hidden, tie_rank=order).padded(len(scores), k)
        assert found.tolist() == sorted_by_hand(scores, hidden, k, order)
    assert top_k(scores, k).padded(len(scores), k).tolist() == sorted_by_hand(scores, nothing, k, by_number)
    np.testing.assert_array_equal(scores, before)


@pytest.mark.parametrize("n_values", [1, 2, 5, 1_000_000])
@pytest.mark.parametrize("n_columns", [700, _GROUPED - 65, _GROUPED, _GROUPED + 17, _CROWDED])
def test_group_maxima_lose_nothing_on_wide_rows(n_values: int, n_columns: int) -> None:
    rng = np.random.default_rng(n_values)
    scores = rng.integers(0, n_values, (7, n_columns)).astype(np.float32)
    scores[rng.random(scores.shape) < 0.3] = -np.inf
    scores[3] = -np.inf
    scores[4, 2:] = -np.inf
    seen = csr_matrix((rng.random(scores.shape) < 0.1).astype(np.float32))
    tie_rank = rng.permutation(n_columns)
    found = top_k(scores, 10, seen=seen, tie_rank=tie_rank).padded(7, 10)
    assert found.tolist() == sorted_by_hand(scores, seen, 10, tie_rank)


def test_scores_and_ranks_stand_beside_the_items() -> None:
    found = top_k(np.float32([[1, 3, 2], [-np.inf, 5, -np.inf]]), 2)
    assert found.user_nums.tolist() == [0, 0, 1]
    assert found.ranks.tolist() == [1, 2, 1]
    assert found.scores.tolist() == [3, 2, 5]
    assert found.padded(3, 2).tolist() == [[1, 2], [1, NO_ITEM], [NO_ITEM, NO_ITEM]]


def test_a_view_that_is_not_contiguous_ranks_the_same() -> None:
    scores = np.arange(12, dtype=np.float32).reshape(4, 3)
    assert top_k(scores.T, 2).padded(3, 2).tolist() == [[3, 2]] * 3


def test_a_seen_item_with_a_stored_zero_is_hidden_too() -> None:
    rated = csr_matrix((np.float32([0]), [1], [0, 1]), shape=(1, 3))
    scores = np.float32([[1, 9, 2]])
    assert top_k(scores, 3, seen=rated).item_nums.tolist() == [2, 0]
    hide(scores, rated)
    assert scores.tolist() == [[1, -np.inf, 2]]


@pytest.mark.parametrize("shape", [(0, 5), (3, 0)])
def test_nothing_to_rank_gives_nothing(shape: tuple[int, int]) -> None:
    found = top_k(np.zeros(shape, dtype=np.float32), 3)
    assert len(found.item_nums) == len(found.ranks) == 0
    assert found.padded(shape[0], 3).tolist() == [[NO_ITEM] * 3] * shape[0]


@pytest.mark.parametrize("n_columns", [4, _GROUPED + 17])
@pytest.mark.parametrize("place", [0, -1])  # of a wide row's last columns no group has the maximum
def test_a_score_that_is_no_number_is_refused(n_columns: int, place: int) -> None:
    scores = np.zeros((3, n_columns), dtype=np.float32)
    scores[1, place] = np.nan
    with pytest.raises(DataError, match="1 of 3 users have a score that is not a number"):
        top_k(scores, 2)


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(ParameterError, match="k = 0: expected at least 1"):
        top_k(np.zeros((1, 3), dtype=np.float32), 0)
    with pytest.raises(ShapeError, match=r"scores have shape \(2, 3\), seen \(2, 4\)"):
        top_k(np.zeros((2, 3)), 1, seen=csr_matrix((2, 4)))
    with pytest.raises(ShapeError, match=r"tie_rank has shape \(2,\), expected \(3,\)"):
        top_k(np.zeros((2, 3)), 1, tie_rank=np.arange(2))


def test_ties_are_broken_by_a_hash_of_the_ids_whatever_else_is_in_the_catalogue() -> None:
    ids = np.arange(1, 200, dtype=np.int64)
    ranks = tie_ranks(ids)
    np.testing.assert_array_equal(np.sort(ranks), np.arange(len(ids)))
    assert abs(np.corrcoef(ranks, ids)[0, 1]) < 0.2
    some = np.sort(np.random.default_rng(0).choice(len(ids), 50, replace=False))
    np.testing.assert_array_equal(np.argsort(tie_ranks(ids[some])), np.argsort(ranks[some]))


@pytest.mark.parametrize("n_rows", [0, 1, 7, 40])
def test_of_a_product_it_is_what_the_whole_product_gives(n_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsys_core.ranking._BLOCK_FLOATS", 900)  # three rows at a time
    rng = np.random.default_rng(n_rows)
    left = rng.integers(-2, 3, (n_rows, 4)).astype(np.float32)  # many ties, exact sums
    right = rng.integers(-2, 3, (4, 300)).astype(np.float32)
    seen = csr_matrix((rng.random((n_rows, 300)) < 0.1).astype(np.float32))
    order = rng.permutation(300)

    found = product_top_k(left, right, 5, seen=seen, tie_rank=order)

    expected = top_k(left @ right, 5, seen=seen, tie_rank=order)
    for name in ("user_nums", "item_nums", "scores"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
