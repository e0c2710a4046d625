"""Popularity: the contract, and a count."""

import numpy as np
import pytest
from hypothesis import given
from scipy.sparse import csr_matrix

from recsys_core.errors import ShapeError
from recsys_core.sources.popularity import KIND, fit_popularity
from recsys_core.testing import user_item_matrices
from recsys_core.testing.source_contract import SourceContract


class TestPopularityKeepsTheSourceContract(SourceContract):
    kind = KIND


@given(ratings=user_item_matrices())
def test_scores_are_the_logarithm_of_one_plus_the_number_of_ratings(ratings: csr_matrix) -> None:
    model = fit_popularity(ratings, np.arange(ratings.shape[1], dtype=np.int64))
    counts = (ratings.toarray() > 0).sum(axis=0)
    np.testing.assert_array_equal(model.n_ratings, counts)
    np.testing.assert_allclose(model.score(ratings)[0], np.log1p(counts), rtol=1e-6)


def test_a_low_rating_counts_as_much_as_a_high_one() -> None:
    ratings = csr_matrix((np.float32([0, 5]), [0, 1], [0, 2]), shape=(1, 2))  # on a scale from 0
    assert fit_popularity(ratings, np.array([1, 2])).n_ratings.tolist() == [1, 1]


def test_unsorted_item_ids_are_refused() -> None:
    with pytest.raises(ShapeError, match="not sorted and unique"):
        fit_popularity(csr_matrix(np.ones((1, 2), dtype=np.float32)), np.array([2, 1]))
