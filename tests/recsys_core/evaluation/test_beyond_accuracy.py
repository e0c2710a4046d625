"""Coverage, Gini, novelty and diversities,
diversity, by hand and beside plain loops."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.errors import ShapeError
from recsys_core.evaluation.beyond_accuracy import (
    coverage,
    diversities,
    diversity,
    exposure,
    exposure_gini,
    novelty,
    unit_features,
)
from recsys_core.features import ItemFeatures
from recsys_core.testing import item_feature_sets

LISTS = np.array([[0, 1], [0, 2], [0, -1]], dtype=np.int32)


def test_coverage_and_exposure_by_hand() -> None:
    assert exposure(LISTS, 5).tolist() == [3, 1, 1, 0, 0]
    assert coverage(LISTS, 5) == 3 / 5
    assert coverage(LISTS[:0], 5) == 0


def test_gini_is_nought_for_equal_exposure_and_high_for_one_item() -> None:
    assert exposure_gini(np.array([[0, 1], [2, 3]], dtype=np.int32), 4) == pytest.approx(0)
    assert exposure_gini(np.zeros((5, 1), dtype=np.int32), 10) == pytest.approx(0.9)
    assert exposure_gini(LISTS[:0], 4) == 0


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30))
def test_gini_is_the_mean_absolute_difference(items: list[int]) -> None:
    counts = np.bincount(items, minlength=7)
    expected = np.abs(counts[:, None] - counts[None, :]).mean() / (2 * counts.mean())
    assert exposure_gini(np.array([items], dtype=np.int32), 7) == pytest.approx(expected)


def test_novelty_is_the_mean_of_the_bits_of_what_is_listed() -> None:
    share = np.array([1 / 2, 1 / 4, 1 / 8])
    assert novelty(LISTS, share).tolist() == [1.5, 2.0, 1.0]
    assert novelty(np.full((1, 2), -1, dtype=np.int32), share).tolist() == [0.0]


@given(item_feature_sets(n_items=6), st.integers(0, 10**6), st.sampled_from([1, 5, 4096]))
def test_diversity_is_one_minus_the_mean_cosine_over_pairs(features: ItemFeatures, seed: int, at_once: int) -> None:
    rng = np.random.default_rng(seed)
    lists = np.stack([rng.permutation(6)[:4] for _ in range(3)]).astype(np.int32)
    lists[2, 1:] = -1  # one item alone has no pair
    lists[1, 3:] = -1
    rows = unit_features(features)
    dense = rows.toarray()
    expected = []
    for listed in lists:
        pairs = list(itertools.combinations(listed[listed >= 0], 2))
        expected.append(1 - np.mean([dense[i] @ dense[j] for i, j in pairs]) if pairs else 0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recsys_core.evaluation.beyond_accuracy._MOST_LISTED", at_once)
        assert diversity(lists, rows) == pytest.approx(expected, abs=1e-6)
        by_k = diversities(lists, rows, [2, 4])
    np.testing.assert_allclose(by_k, np.column_stack([diversity(lists[:, :2], rows), expected]), rtol=0, atol=1e-6)


def test_diversity_is_nought_for_twins_and_one_for_strangers() -> None:
    rows = csr_matrix(np.array([[1.0, 0], [1.0, 0], [0, 1.0], [0, 0]]))
    lists = np.array([[0, 1], [0, 2], [0, 3]], dtype=np.int32)
    assert diversity(lists, rows).tolist() == [0, 1, 1]


def test_rows_of_features_have_length_one_or_are_empty() -> None:
    features = ItemFeatures(
        np.array([1, 2]),
        {"genre": csr_matrix(np.array([[1.0, 0], [0, 0]])), "tags": csr_matrix(np.array([[1.0], [0]]))},
        {"genre": ["a", "b"], "tags": ["c"]},
    )
    assert np.linalg.norm(unit_features(features).toarray(), axis=1).tolist() == pytest.approx([1, 0])
    assert unit_features(ItemFeatures(np.array([1, 2]), {}, {})).nnz == 0


def test_features_that_lack_a_recommended_item_are_refused() -> None:
    with pytest.raises(ShapeError, match="item 2 is recommended, features have 2 rows"):
        diversity(LISTS, csr_matrix((2, 3)))
