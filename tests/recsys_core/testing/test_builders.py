"""The public builders keep what they promise: other tests lean on them."""

import numpy as np
import pytest
from hypothesis import given
from scipy.sparse import csr_matrix

import recsys_core.testing
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.errors import ParameterError
from recsys_core.testing import checkerboard, planted_features, planted_interactions, user_item_matrices


def test_everything_public_is_there() -> None:
    assert all(hasattr(recsys_core.testing, name) for name in recsys_core.testing.__all__)


def test_a_checkerboard_lacks_its_diagonal() -> None:
    np.testing.assert_array_equal(checkerboard(4).toarray(), [[0, 0, 5, 0], [0, 0, 0, 5], [5, 0, 0, 0], [0, 5, 0, 0]])


def test_the_same_seed_plants_the_same_ratings_and_another_one_others() -> None:
    first, again, other = (planted_interactions(50, 40, 600, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.ratings.toarray(), again.ratings.toarray())
    assert first.n_ratings != other.n_ratings or (first.ratings != other.ratings).nnz > 0


def test_planted_ratings_are_on_the_scale_and_follow_the_taste() -> None:
    data = planted_interactions(100, 80, 4000)
    assert set(np.unique(data.ratings.data)) <= set(MOVIELENS.feedback.values)
    users, items = data.user_nums(), data.ratings.indices
    same = (data.user_ids[users] // 10 - 1) % 4 == (data.item_ids[items] // 3 - 1) % 4
    assert same.mean() > 0.7
    assert data.ratings.data[same].mean() > data.ratings.data[~same].mean() + 1


def test_planted_features_tell_the_kind() -> None:
    features = planted_features(np.array([3, 6, 15]))
    np.testing.assert_array_equal(features.groups["genre"].toarray().argmax(axis=1), [0, 1, 0])


def test_a_data_set_without_users_is_refused() -> None:
    with pytest.raises(ParameterError, match="at least 1"):
        planted_interactions(0, 3, 5)


@given(ratings=user_item_matrices(min_ratings=3))
def test_drawn_matrices_are_canonical_and_hold_enough_ratings(ratings: csr_matrix) -> None:
    assert ratings.dtype == np.float32
    assert ratings.has_canonical_format
    assert ratings.data.all()
    assert ratings.nnz >= min(3, ratings.shape[0] * ratings.shape[1])
