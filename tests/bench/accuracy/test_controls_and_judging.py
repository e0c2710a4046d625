"""Controls know nothing, and lists are judged by what they hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from bench.accuracy.controls import (
    constant_score,
    metadata_counts,
    random_score,
    renamed_targets,
    swapped_targets,
)
from bench.accuracy.data import Bundle
from bench.accuracy.folds import FinalPart
from bench.accuracy.judging import accuracy, lists_of, tail_items, with_diversity
from recsys_core.testing import planted_interactions

ITEM_IDS = np.arange(100, 160, dtype=np.int64)
seeds = st.integers(0, 2**32 - 1)


def rows(seed: int, n_users: int = 12) -> csr_matrix:
    """Random rows without an empty one."""
    rng = np.random.default_rng(seed)
    dense = (rng.random((n_users, len(ITEM_IDS))) < 0.2).astype(np.float32) * 4
    dense[np.arange(n_users), rng.integers(0, len(ITEM_IDS), n_users)] = 5
    return csr_matrix(dense)


def test_random_lists_are_the_same_in_every_run_and_other_for_other_people() -> None:
    known = rows(0)
    once, twice = (lists_of({"random": random_score(ITEM_IDS, 3)}, known, ITEM_IDS)["random"] for _ in range(2))
    np.testing.assert_array_equal(once, twice)
    assert len({tuple(row) for row in once.tolist()}) == known.shape[0]
    other = lists_of({"random": random_score(ITEM_IDS, 4)}, known, ITEM_IDS)["random"]
    assert (other != once).any()


def test_a_random_list_does_not_depend_on_who_else_is_asked() -> None:
    known = rows(1)
    score = random_score(ITEM_IDS, 0)
    np.testing.assert_array_equal(score(known)[4:7], score(csr_matrix(known[4:7])))


def test_lists_leave_out_what_was_rated_unless_nothing_is_excluded() -> None:
    known = rows(2)
    fame = constant_score(np.arange(len(ITEM_IDS)))
    found = lists_of({"fame": fame}, known, ITEM_IDS)["fame"]
    for row, recommended in zip(known, found, strict=True):
        assert not set(row.indices.tolist()) & set(recommended.tolist())
    everything = lists_of({"fame": fame}, known, ITEM_IDS, exclude=False)["fame"]
    assert everything[0].tolist() == list(range(59, 39, -1))


@given(seeds)
def test_swapped_targets_belong_to_somebody_else(seed: int) -> None:
    targets = csr_matrix(np.eye(9, dtype=np.float32))  # user u wants item u alone
    swapped = swapped_targets(targets, seed)
    wanted = swapped.toarray().argmax(axis=1)
    assert sorted(wanted.tolist()) == list(range(9))
    assert (wanted != np.arange(9)).all()


@given(seeds)
def test_renamed_targets_are_as_many_for_everybody(seed: int) -> None:
    targets, before = rows(seed), rows(seed)
    renamed = renamed_targets(targets, seed)
    np.testing.assert_array_equal(targets.toarray(), before.toarray())
    np.testing.assert_array_equal(np.diff(renamed.indptr), np.diff(targets.indptr))
    assert sorted(np.asarray(renamed.sum(axis=0)).ravel()) == sorted(np.asarray(targets.sum(axis=0)).ravel())


def test_other_peoples_targets_destroy_a_perfect_score() -> None:
    targets = rows(3, n_users=200)
    perfect = {
        "perfect": np.asarray(
            [np.pad(row.indices[:20], (0, 20 - len(row.indices[:20])), constant_values=-1) for row in targets],
            dtype=np.int32,
        )
    }
    user_ids = np.arange(200)
    assert accuracy(perfect, targets, user_ids).column("perfect", "ndcg@10").mean() == pytest.approx(1)
    for wrong in (swapped_targets(targets, 0), renamed_targets(targets, 0)):
        assert accuracy(perfect, wrong, user_ids).column("perfect", "ndcg@10").mean() < 0.35


def test_targets_out_of_reach_count_as_missed_in_one_metric_alone() -> None:
    targets = csr_matrix(np.asarray([[1, 1, 0, 0]], dtype=np.float32))
    lists = {"model": np.asarray([[0, 1, *[-1] * 18]], dtype=np.int32)}
    judged = accuracy(lists, targets, np.array([7]), n_out_of_reach=np.array([1]))
    assert judged.column("model", "ndcg@10")[0] == 1
    ideal = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    assert judged.column("model", "ndcg_all@10")[0] == pytest.approx((1 + 1 / np.log2(3)) / ideal)
    assert judged.column("model", "recall@10")[0] == 1
    assert judged.column("model", "precision@10")[0] == pytest.approx(0.2)


def test_diversity_and_coverage_stand_beside_accuracy() -> None:
    unit_rows = csr_matrix(np.eye(4))
    targets = csr_matrix(np.asarray([[1, 0, 0, 0], [0, 1, 0, 0]], dtype=np.float32))
    lists = {"model": np.full((2, 20), -1, dtype=np.int32)}
    lists["model"][:, :2] = [[0, 1], [1, 2]]
    judged = with_diversity(accuracy(lists, targets, np.array([1, 2])), lists, unit_rows)
    assert judged.column("model", "diversity@10").tolist() == [1, 1]
    assert judged.overall["model"]["coverage@10"] == (0.75,)


def test_tail_items_hold_about_a_third_of_the_ratings_and_most_of_the_titles() -> None:
    train = planted_interactions(200, 150, 4_000)
    tail = tail_items(train)
    counts = np.bincount(train.ratings.indices, minlength=train.n_items)
    assert 0.25 < counts[tail].sum() / counts.sum() < 0.4
    assert tail.mean() > 0.5
    assert counts[tail].max() <= counts[~tail].min()


def test_metadata_counts_are_rows_about_a_title_without_those_of_test_users(
    small_bundle: Bundle, part: FinalPart
) -> None:
    counts = metadata_counts(small_bundle.tables, part.known, part.train.item_ids)
    assert (counts >= 20).all()  # every title has a survey row for each of 20 tags
    assert 0 < counts.sum() - 20 * len(counts) < 60  # and some of the 60 tags
