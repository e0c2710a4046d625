"""The value of a ranking, against metrics computed user by user."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.tuning.goal import Goal


@given(seed=st.integers(0, 1000), k=st.integers(1, 12), recall_share=st.sampled_from([0.0, 0.3, 1.0]))
def test_the_value_of_a_list_is_a_mean_of_ndcg_and_recall(seed: int, k: int, recall_share: float) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.permutation(60).reshape(6, 10).astype(np.float32)
    scores[rng.random(scores.shape) < 0.2] = -np.inf
    relevant = rng.random(scores.shape) < 0.3
    n_targets = relevant.sum(axis=1) + rng.integers(1, 4, 6)  # some targets have no place
    found = Goal(k, recall_share).by_user(scores, relevant, n_targets)
    for row in range(6):
        order = [item for item in np.argsort(-scores[row]) if np.isfinite(scores[row, item])][:k]
        gains = [relevant[row, item] / np.log2(2 + rank) for rank, item in enumerate(order)]
        best = sum(1 / np.log2(2 + rank) for rank in range(min(k, n_targets[row])))
        recall = sum(relevant[row, item] for item in order) / n_targets[row]
        assert found[row] == pytest.approx((1 - recall_share) * sum(gains) / best + recall_share * recall)


def test_with_recall_alone_only_the_number_of_targets_found_counts() -> None:
    relevant, n_targets = np.array([[True, False, False, True]]), np.array([2])
    early, late = np.float32([[9, 1, 2, 8]]), np.float32([[7, 9, 8, 6]])

    def gain(recall_share: float) -> float:
        goal = Goal(4, recall_share)
        return float((goal.by_user(early, relevant, n_targets) - goal.by_user(late, relevant, n_targets))[0])

    assert gain(1.0) == 0
    assert gain(0.0) > gain(0.5) > 0
