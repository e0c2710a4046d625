"""The best unseen items of each user, as a plain sort would give them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_matrix

from recsys_core.errors import DataError, ShapeError
from recsys_core.evaluation import NO_ITEM, hits_of, top_k


@st.composite
def rankings(draw: st.DrawFn) -> tuple[np.ndarray, csr_matrix, int, np.ndarray]:
    """Scores with many ties and some -inf, seen items, k, and an order among ties."""
    shape = draw(st.tuples(st.integers(1, 5), st.integers(1, 9)))
    values = st.sampled_from([-np.inf, -2.0, 0.0, 1.0, 1.5])
    scores = draw(hnp.arrays(np.float32, shape, elements=values))
    seen = draw(hnp.arrays(np.bool_, shape))
    tie_rank = np.array(draw(st.permutations(range(shape[1]))))
    return scores, csr_matrix(seen.astype(np.float32)), draw(st.integers(1, 12)), tie_rank


def sorted_by_hand(scores: np.ndarray, seen: csr_matrix, k: int, tie_rank: np.ndarray) -> list[list[int]]:
    rows = []
    for user, row in enumerate(scores):
        open_items = [i for i in range(len(row)) if not seen[user, i] and row[i] > -np.inf]
        best = sorted(open_items, key=lambda i: (-row[i], tie_rank[i]))[:k]
        rows.append(best + [NO_ITEM] * (k - len(best)))
    return rows


@given(rankings())
def test_it_is_what_a_plain_sort_gives(case: tuple[np.ndarray, csr_matrix, int, np.ndarray]) -> None:
    scores, seen, k, tie_rank = case
    before = scores.copy()
    assert top_k(scores, k, seen=seen, tie_rank=tie_rank).tolist() == sorted_by_hand(scores, seen, k, tie_rank)
    by_number = np.arange(scores.shape[1])
    assert top_k(scores, k, seen=seen).tolist() == sorted_by_hand(scores, seen, k, by_number)
    np.testing.assert_array_equal(scores, before)


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_thousands_of_tied_items_rank_like_few(levels: int) -> None:
    rng = np.random.default_rng(levels)
    scores = rng.integers(0, levels, (4, 3_000)).astype(np.float32)
    scores[:, :5] = 10
    seen = csr_matrix((rng.random(scores.shape) < 0.1).astype(np.float32))
    tie_rank = rng.permutation(3_000)
    assert top_k(scores, 20, seen=seen, tie_rank=tie_rank).tolist() == sorted_by_hand(scores, seen, 20, tie_rank)


def test_a_score_that_is_no_number_is_refused() -> None:
    scores = np.zeros((3, 4), dtype=np.float32)
    scores[1, 2] = np.nan
    with pytest.raises(DataError, match="1 of 3 users have a score that is not a number"):
        top_k(scores, 2)


def test_shapes_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"scores have shape \(2, 3\), seen \(2, 4\)"):
        top_k(np.zeros((2, 3)), 1, seen=csr_matrix((2, 4)))
    with pytest.raises(ShapeError, match=r"tie_rank has shape \(2,\), expected \(3,\)"):
        top_k(np.zeros((2, 3)), 1, tie_rank=np.arange(2))
    with pytest.raises(ShapeError, match="recommendations for 3 users, targets for 2"):
        hits_of(np.zeros((3, 1), dtype=np.int32), csr_matrix((2, 4)))


@given(st.integers(0, 10**6))
def test_hits_are_where_the_target_matrix_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    targets = (rng.random((6, 10)) < 0.3).astype(np.float32)
    recommended = np.stack([rng.permutation(10)[:4] for _ in range(6)]).astype(np.int32)
    recommended[:, 3] = NO_ITEM
    expected = np.take_along_axis(targets, np.maximum(recommended, 0), axis=1) > 0
    expected[:, 3] = False
    assert hits_of(recommended, csr_matrix(targets)).tolist() == expected.tolist()
