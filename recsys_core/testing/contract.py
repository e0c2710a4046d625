"""The contract that every scorer keeps; a scorer's test class inherits it and says how to train one."""

from abc import abstractmethod
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ShapeError, StorageError
from recsys_core.scoring import Scorer
from recsys_core.storage import atomic_directory
from recsys_core.testing.builders import planted_interactions

__all__ = ["ScorerContract"]


class ScorerContract:
    """Inherit in a test class and define :meth:`fit`; pytest then runs every test below for that scorer.

    ``tolerance`` is the largest allowed difference between a score computed alone and in a batch.
    """

    tolerance = 1e-5

    @abstractmethod
    def fit(self, user_items: csr_matrix, item_ids: NDArray[np.int64]) -> Scorer:
        """Train a scorer on ratings of shape (n_users, n_items)."""

    @pytest.fixture
    def user_items(self) -> csr_matrix:
        return planted_interactions(60, 40, 900, seed=3).ratings

    @pytest.fixture
    def item_ids(self) -> NDArray[np.int64]:
        return planted_interactions(60, 40, 900, seed=3).item_ids

    @pytest.fixture
    def scorer(self, user_items: csr_matrix, item_ids: NDArray[np.int64]) -> Scorer:
        return self.fit(user_items, item_ids)

    def test_is_a_scorer(self, scorer: Scorer, item_ids: NDArray[np.int64]) -> None:
        assert isinstance(scorer, Scorer)
        np.testing.assert_array_equal(scorer.item_ids, item_ids)

    def test_scores_are_finite_float32_for_every_user_and_item(self, scorer: Scorer, user_items: csr_matrix) -> None:
        scores = scorer.score(user_items)
        assert scores.shape == user_items.shape
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()

    def test_a_round_trip_through_disk_keeps_every_bit(
        self, scorer: Scorer, user_items: csr_matrix, tmp_path: Path
    ) -> None:
        with atomic_directory(tmp_path / "stored") as staging:
            scorer.save(staging)
        loaded = type(scorer).load(tmp_path / "stored")
        np.testing.assert_array_equal(loaded.item_ids, scorer.item_ids)
        np.testing.assert_array_equal(loaded.score(user_items), scorer.score(user_items))

    def test_loading_an_empty_folder_is_a_storage_error(self, scorer: Scorer, tmp_path: Path) -> None:
        with pytest.raises(StorageError):
            type(scorer).load(tmp_path)

    def test_a_user_without_ratings_gets_finite_scores(self, scorer: Scorer, item_ids: NDArray[np.int64]) -> None:
        nobody = csr_matrix(np.zeros((2, len(item_ids)), dtype=np.float32))
        scores = scorer.score(nobody)
        assert scores.shape == (2, len(item_ids))
        assert np.isfinite(scores).all()
        np.testing.assert_array_equal(scores[0], scores[1])

    def test_no_users_give_no_scores(self, scorer: Scorer, item_ids: NDArray[np.int64]) -> None:
        assert scorer.score(csr_matrix(np.zeros((0, len(item_ids)), dtype=np.float32))).shape == (0, len(item_ids))

    def test_a_batch_gives_what_each_row_gives_alone(self, scorer: Scorer, user_items: csr_matrix) -> None:
        batch = scorer.score(user_items[:10])
        alone = np.vstack([scorer.score(user_items[[row]]) for row in range(10)])
        np.testing.assert_allclose(batch, alone, rtol=0, atol=self.tolerance)

    def test_inputs_are_unchanged(self, scorer: Scorer, user_items: csr_matrix) -> None:
        before = user_items.copy()
        scorer.score(user_items)
        np.testing.assert_array_equal(user_items.data, before.data)
        np.testing.assert_array_equal(user_items.indices, before.indices)
        np.testing.assert_array_equal(user_items.indptr, before.indptr)

    def test_training_leaves_its_input_unchanged(self, user_items: csr_matrix, item_ids: NDArray[np.int64]) -> None:
        before = user_items.copy()
        self.fit(user_items, item_ids)
        np.testing.assert_array_equal(user_items.data, before.data)
        np.testing.assert_array_equal(user_items.indices, before.indices)

    def test_unsorted_columns_make_no_difference_and_a_stored_zero_is_kept(
        self, scorer: Scorer, user_items: csr_matrix
    ) -> None:
        columns, bounds = np.array([0, 3, 7, 9], dtype=np.int32), np.array([0, 4], dtype=np.int32)
        values = np.array([4, 0, 5, 1], dtype=np.float32)  # a rating of 0
        tidy: csr_matrix = csr_matrix((values, columns, bounds), shape=(1, user_items.shape[1]))
        untidy = csr_matrix((values[::-1].copy(), columns[::-1].copy(), bounds), shape=tidy.shape)
        scores = scorer.score(untidy)
        assert np.isfinite(scores).all()
        np.testing.assert_allclose(scores, scorer.score(tidy), rtol=0, atol=self.tolerance)
        assert untidy.nnz == 4
        assert untidy.indices.tolist() == [9, 7, 3, 0]

    @pytest.mark.parametrize("difference", [-1, 1])
    def test_a_row_of_another_width_is_refused_with_both_widths(
        self, scorer: Scorer, item_ids: NDArray[np.int64], difference: int
    ) -> None:
        n_items = len(item_ids)
        wrong = csr_matrix(np.ones((1, n_items + difference), dtype=np.float32))
        with pytest.raises(
            ShapeError, match=rf"user_ratings has {n_items + difference} columns.*trained on {n_items} items"
        ):
            scorer.score(wrong)

    def test_ratings_that_are_not_finite_are_refused(self, scorer: Scorer, item_ids: NDArray[np.int64]) -> None:
        broken = csr_matrix(np.full((1, len(item_ids)), np.nan, dtype=np.float32))
        with pytest.raises(ShapeError, match="NaN or infinite"):
            scorer.score(broken)

    def test_training_twice_gives_the_same_scores(
        self, scorer: Scorer, user_items: csr_matrix, item_ids: NDArray[np.int64]
    ) -> None:
        again = self.fit(user_items.copy(), item_ids.copy())
        np.testing.assert_array_equal(again.score(user_items), scorer.score(user_items))
