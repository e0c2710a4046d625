"""Popularity: the contract, and a count."""

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ShapeError
from recsys_core.scoring import Scorer
from recsys_core.sources.popularity import fit_popularity
from recsys_core.testing import ScorerContract, user_item_matrices


class TestPopularityKeepsTheScorerContract(ScorerContract):
    def fit(self, user_items: csr_matrix, item_ids: NDArray[np.int64]) -> Scorer:
        return fit_popularity(user_items, item_ids)


@given(ratings=user_item_matrices())
def test_scores_are_the_logarithm_of_one_plus_the_number_of_ratings(ratings: csr_matrix) -> None:
    model = fit_popularity(ratings, np.arange(ratings.shape[1], dtype=np.int64))
    counts = (ratings.toarray() > 0).sum(axis=0)
    np.testing.assert_array_equal(model.n_ratings, counts)
    np.testing.assert_allclose(model.score(ratings)[0], np.log1p(counts), rtol=1e-6)


def test_a_low_rating_counts_as_much_as_a_high_one() -> None:
    ratings = csr_matrix(np.array([[0.5, 5.0]], dtype=np.float32))
    assert fit_popularity(ratings, np.array([1, 2])).n_ratings.tolist() == [1, 1]


def test_unsorted_item_ids_are_refused() -> None:
    with pytest.raises(ShapeError, match="not sorted and unique"):
        fit_popularity(csr_matrix(np.ones((1, 2), dtype=np.float32)), np.array([2, 1]))
