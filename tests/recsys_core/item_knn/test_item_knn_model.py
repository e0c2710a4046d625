"""Item-kNN: the contract, cosines against a dense computation, ties and limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.item_knn import ItemKNNModel, ItemKNNParameters, fit_item_knn
from recsys_core.scoring import Scorer
from recsys_core.splitting.hashing import hash_uniform
from recsys_core.testing import ScorerContract, checkerboard, planted_interactions, user_item_matrices

SCALE = MOVIELENS.feedback


def fit(user_items: csr_matrix, *, popular: int = 4096, **parameters: float) -> ItemKNNModel:
    """``popular`` is how many items are compared by dense products."""
    item_ids = np.arange(1, user_items.shape[1] + 1, dtype=np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recsys_core.item_knn.fit._POPULAR", popular)
        return fit_item_knn(user_items, item_ids, ItemKNNParameters(rating_power=1, **parameters), feedback=SCALE)


few_popular = st.sampled_from([0, 1, 3, 4096])


class TestItemKNNKeepsTheScorerContract(ScorerContract):
    def fit(self, user_items: csr_matrix, item_ids: NDArray[np.int64]) -> Scorer:
        return fit_item_knn(user_items, item_ids, ItemKNNParameters(neighbours=5), feedback=SCALE)


@given(ratings=user_item_matrices(), shrinkage=st.sampled_from([0.0, 2.0]), popular=few_popular)
def test_similarities_are_shrunk_cosines_between_zero_and_one(
    ratings: csr_matrix, shrinkage: float, popular: int
) -> None:
    found = fit(ratings, shrinkage=shrinkage, popular=popular).similarities.toarray()
    x = ratings.toarray().astype(np.float64) / 5
    norms = np.linalg.norm(x, axis=0)
    denominators = np.outer(norms, norms) + shrinkage
    expected = np.divide(x.T @ x, denominators, out=np.zeros_like(denominators), where=denominators > 0)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-6


@given(ratings=user_item_matrices(), neighbours=st.integers(1, 4), popular=few_popular)
def test_only_the_nearest_are_kept(ratings: csr_matrix, neighbours: int, popular: int) -> None:
    everything = fit(ratings, shrinkage=1.0, popular=popular).similarities.toarray()
    kept = fit(ratings, shrinkage=1.0, neighbours=neighbours, popular=popular).similarities.toarray()
    for all_values, kept_values in zip(everything, kept, strict=True):
        expected = np.sort(all_values)[::-1][:neighbours]
        found = np.sort(kept_values)[::-1][:neighbours]
        np.testing.assert_array_equal(found, expected)
        assert np.count_nonzero(kept_values) == np.count_nonzero(expected)


@pytest.mark.parametrize("popular", [0, 1, 3, 4096])
def test_of_equally_near_items_the_first_are_kept(popular: int) -> None:
    everyone_rated_everything = csr_matrix(np.full((3, 5), 4, dtype=np.float32))
    similarities = fit(everyone_rated_everything, neighbours=2, popular=popular).similarities
    np.testing.assert_array_equal(similarities[0].indices, [1, 2])
    np.testing.assert_array_equal(similarities[4].indices, [0, 1])


def test_blocks_of_items_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    ratings = planted_interactions(60, 40, 900).ratings
    whole = fit(ratings, neighbours=6, popular=10).similarities
    monkeypatch.setattr("recsys_core.item_knn.fit._BLOCK_ITEMS", 7)
    blocked = fit(ratings, neighbours=6, popular=10).similarities
    np.testing.assert_array_equal(whole.toarray(), blocked.toarray())


def test_the_withheld_diagonal_of_a_checkerboard_comes_first() -> None:
    ratings = checkerboard(40)
    scores = fit(ratings).score(ratings)
    scores[ratings.nonzero()] = -np.inf
    np.testing.assert_array_equal(scores.argmax(axis=1), np.arange(40))


def test_a_score_worked_by_hand() -> None:
    # Two users rated both items with 5: cosine 1. A third who rated item 0 with 2.5 scores item 1 with 1 · 0.5.
    ratings = csr_matrix(np.array([[5, 5], [5, 5]], dtype=np.float32))
    scores = fit(ratings, shrinkage=0.0).score(csr_matrix(np.array([[2.5, 0]], dtype=np.float32)))
    np.testing.assert_allclose(scores, [[0.0, 0.5]], atol=1e-6)


def test_of_a_long_history_a_part_counts_and_of_others_all() -> None:
    ratings = planted_interactions(60, 40, 900).ratings
    lengths = np.diff(ratings.indptr)
    most = 5
    drawn = ratings.tolil()
    by_hash = np.argsort(hash_uniform(5, "item-kNN", np.arange(1, 41)))
    for row in np.flatnonzero(lengths > most):
        own = [item for item in by_hash if drawn[row, item]]
        drawn[row, own[most:]] = 0
    found = fit(ratings, max_ratings=most, seed=5).similarities
    np.testing.assert_array_equal(found.toarray(), fit(csr_matrix(drawn)).similarities.toarray())
    assert (found != fit(ratings).similarities).nnz
