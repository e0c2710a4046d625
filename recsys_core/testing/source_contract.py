"""The contract that every source of the hybrid keeps, beside that of all scorers."""

from pathlib import Path
from typing import ClassVar, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.histories import Histories
from recsys_core.hybrid import training_of
from recsys_core.parameters import Parameters
from recsys_core.sources.source import AverseSource, Source, SourceKind, raw_scores
from recsys_core.sparse_rows import selected
from recsys_core.storage import atomic_directory, load_arrays
from recsys_core.testing.builders import planted_features
from recsys_core.testing.contract import ScorerContract
from recsys_core.testing.hybrids import cold_ids

__all__ = ["SourceContract"]

_FIRST, _YEAR = 1_000_000_000, 31_557_600
_N_COLD = 5


class SourceContract(ScorerContract):
    """Inherit in a test class and name the ``kind``, with small ``parameters`` where it has any."""

    kind: ClassVar[SourceKind]
    parameters: ClassVar[Parameters | None] = None

    def fit(self, user_items: csr_matrix, item_ids: NDArray[np.int64]) -> Source:
        user_ids = np.arange(1, user_items.shape[0] + 1, dtype=np.int64)
        train = UserItemMatrix(user_items, _times(user_items.nnz), user_ids, item_ids)
        catalogue = np.sort(np.concatenate([item_ids, cold_ids(train, _N_COLD)]))
        return self.kind.fit(training_of(train, planted_features(catalogue), MOVIELENS.feedback), self.parameters)

    @pytest.fixture
    def source(self, user_items: csr_matrix, item_ids: NDArray[np.int64]) -> Source:
        return self.fit(user_items, item_ids)

    @pytest.fixture
    def histories(self, user_items: csr_matrix) -> Histories:
        """Whole and short histories, one empty and one of dislikes alone, over years, some with cold ratings."""
        dense = user_items.toarray()[:12]
        dense[0] = 0
        dense[1, dense[1] > 1.5] = 0
        dense[1, :2] = 1
        dense[2:5, 6:] = 0
        cold = np.zeros((len(dense), _N_COLD), dtype=np.float32)
        cold[[1, 3, 7], [0, 4, 2]] = [0.5, 5, 2]
        ratings = csr_matrix(dense)
        return Histories(ratings, _times(ratings.nnz), csr_matrix(cold))

    def test_its_entry_stands_for_its_scores(self, source: Source, histories: Histories) -> None:
        entry = source.enter(histories)
        assert (entry.left is None) == (source.item_side is None)
        assert sum(form is not None for form in (entry.left, entry.sparse, entry.raw)) == 1
        np.testing.assert_allclose(
            raw_scores(source, entry), source.score(histories), rtol=self.tolerance, atol=self.tolerance
        )

    def test_its_moments_are_those_of_the_scores_over_the_items(self, source: Source, histories: Histories) -> None:
        scores, moments = source.score(histories).astype(np.float64), source.enter(histories).moments
        np.testing.assert_allclose(moments.mean, scores.mean(axis=1), rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(moments.std, scores.std(axis=1), rtol=1e-3, atol=1e-5)

    @pytest.mark.parametrize("n_users", [1, 2, 5])
    def test_some_users_alone_enter_as_among_all(self, source: Source, histories: Histories, n_users: int) -> None:
        whole = _entered(source, histories)
        for start in range(0, histories.n_users, n_users):
            rows = np.arange(start, min(start + n_users, histories.n_users))
            for some in (histories.rows(start, start + n_users), histories.only(rows)):
                for found, expected in zip(_entered(source, some), whole, strict=True):
                    np.testing.assert_allclose(found, expected[rows], rtol=self.tolerance, atol=self.tolerance)

    def test_what_each_title_gave_adds_up_to_the_score_and_a_dislike_gives_nothing_above_zero(
        self, source: Source, histories: Histories
    ) -> None:
        everything = selected(np.arange(len(source.item_ids)), len(source.item_ids))
        for user in range(histories.n_users):
            history = histories.rows(user, user + 1)
            parts = source.parts(history, everything)
            if self.kind.side == "popularity":
                assert parts.shape == (len(source.item_ids), 0)
                continue
            assert history.cold is not None
            assert parts.shape[1] in (history.ratings.nnz, len(history.item_nums))
            np.testing.assert_allclose(parts.sum(axis=1), source.score(history)[0], rtol=0, atol=1e-5)
            values = np.concatenate([history.ratings.data, history.cold.data])[: parts.shape[1]]
            assert parts[:, MOVIELENS.feedback.disliked(values)].max(initial=0.0) <= 0

    def test_what_is_like_disliked_titles_adds_up_and_is_nowhere_above_zero(
        self, source: Source, histories: Histories
    ) -> None:
        _, aversion = _entered(source, histories)
        assert aversion.max(initial=0.0) <= 0
        assert bool(aversion.any()) == self.kind.averse
        if self.kind.averse:
            everything = selected(np.arange(len(source.item_ids)), len(source.item_ids))
            for user in range(histories.n_users):
                parts = cast("AverseSource", source).aversion_parts(histories.rows(user, user + 1), everything)
                assert parts.max(initial=0.0) <= 0
                np.testing.assert_allclose(parts.sum(axis=1), aversion[user], rtol=0, atol=1e-5)

    def test_entering_leaves_the_histories_unchanged(self, source: Source, histories: Histories) -> None:
        assert histories.cold is not None
        arrays = [histories.ratings.data, histories.ratings.indices, histories.times, histories.cold.data]
        before = [np.array(array) for array in arrays]
        source.enter(histories)
        source.parts(histories.rows(3, 4), selected(np.arange(3), len(source.item_ids)))
        for array, kept in zip(arrays, before, strict=True):
            np.testing.assert_array_equal(array, kept)

    def test_being_asked_changes_nothing_of_a_source(
        self, source: Source, histories: Histories, tmp_path: Path
    ) -> None:
        before, after = tmp_path / "before", tmp_path / "after"
        with atomic_directory(before) as staging:
            source.save(staging)
        source.enter(histories)
        source.score(histories)
        source.score(histories.rows(3, 4))
        source.parts(histories.rows(3, 4), selected(np.arange(3), len(source.item_ids)))
        with atomic_directory(after) as staging:
            source.save(staging)
        stored = sorted(path.relative_to(before) for path in before.rglob("*.npz"))
        assert stored
        for path in stored:
            kept, found = load_arrays(before / path), load_arrays(after / path)
            assert kept.keys() == found.keys()
            for name, array in kept.items():
                np.testing.assert_array_equal(found[name], array, err_msg=f"{path}: {name}")

    def test_a_stored_source_enters_as_before(self, source: Source, histories: Histories, tmp_path: Path) -> None:
        with atomic_directory(tmp_path / "stored") as staging:
            source.save(staging)
        loaded = self.kind.model.load(tmp_path / "stored")
        assert type(loaded) is type(source)
        for found, expected in zip(_entered(loaded, histories), _entered(source, histories), strict=True):
            np.testing.assert_array_equal(found, expected)


def _entered(source: Source, histories: Histories) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scores and aversion of every item, (n_users, n_items) each."""
    entry = source.enter(histories)
    aversion = np.zeros((histories.n_users, len(source.item_ids)), dtype=np.float32)
    if entry.aversion is not None:
        aversion[:, slice(None) if source.columns is None else source.columns] = entry.aversion.toarray()
    return raw_scores(source, entry).copy(), aversion


def _times(n: int) -> NDArray[np.int64]:
    """Seconds since 1970, spread over six years."""
    return _FIRST + (np.random.default_rng(0).random(n) * 6 * _YEAR).astype(np.int64)
