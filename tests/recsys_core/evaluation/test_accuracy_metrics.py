"""Metrics by hand, by their bounds, under change, and beside an independent implementation."""

import json
import math
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.errors import ParameterError, ShapeError
from recsys_core.evaluation import ACCURACY_METRICS, hits_of, ndcg_at, ndcg_of_scores
from recsys_core.ranking import top_k

HITS = np.array([[1, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1]], dtype=bool)
N_TARGETS = np.array([2, 1, 3, 9])


@pytest.mark.parametrize(
    ("metric", "k", "expected"),
    [
        ("ndcg", 4, [1.5 / (1 + 1 / math.log2(3)), 1 / math.log2(5), 0, 1]),
        ("ndcg", 2, [1 / (1 + 1 / math.log2(3)), 0, 0, 1]),
        ("ndcg", 1, [1, 0, 0, 1]),
        ("recall", 4, [1, 1, 0, 4 / 9]),
        ("recall", 2, [1 / 2, 0, 0, 2 / 9]),
        ("precision", 4, [2 / 4, 1 / 4, 0, 1]),
        ("map", 4, [(1 + 2 / 3) / 2, 1 / 4, 0, 1]),
        ("map", 2, [1 / 2, 0, 0, 1]),
        ("hit_rate", 2, [1, 0, 0, 1]),
        ("mrr", 4, [1, 1 / 4, 0, 1]),
    ],
)
def test_values_worked_by_hand(metric: str, k: int, expected: list[float]) -> None:
    assert ACCURACY_METRICS[metric](HITS, N_TARGETS, k).tolist() == pytest.approx(expected)


@st.composite
def judged(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int]:
    """Hits of a few users, and at least as many targets as hits."""
    width = draw(st.integers(1, 8))
    rows = draw(st.lists(st.lists(st.booleans(), min_size=width, max_size=width), min_size=1, max_size=5))
    hits = np.array(rows, dtype=bool)
    further = np.array(draw(st.lists(st.integers(0, 12), min_size=len(rows), max_size=len(rows))))
    return hits, np.maximum(hits.sum(axis=1) + further, 1), draw(st.integers(1, width))


@given(judged(), st.sampled_from(sorted(ACCURACY_METRICS)))
def test_values_stay_between_zero_and_one_and_reach_both(case: tuple[np.ndarray, np.ndarray, int], name: str) -> None:
    hits, n_targets, k = case
    found = ACCURACY_METRICS[name](hits, n_targets, k)
    assert ((found >= 0) & (found <= 1 + 1e-12)).all()
    assert (found[~hits[:, :k].any(axis=1)] == 0).all()
    assert (found[hits[:, :k].any(axis=1)] > 0).all()
    perfect = np.arange(hits.shape[1])[None, :] < n_targets[:, None]
    if name in ("ndcg", "map", "mrr", "hit_rate"):
        assert ACCURACY_METRICS[name](perfect, n_targets, k) == pytest.approx(1)


@given(judged(), st.sampled_from(["ndcg", "map", "mrr"]), st.data())
def test_moving_a_hit_up_never_lowers_a_value(
    case: tuple[np.ndarray, np.ndarray, int], name: str, data: st.DataObject
) -> None:
    hits, n_targets, k = case
    better = hits.copy()
    place = data.draw(st.integers(0, hits.shape[1] - 1))
    swapped = (~better[:, 0]) & better[:, place]
    better[swapped, 0], better[swapped, place] = True, False
    change = ACCURACY_METRICS[name](better, n_targets, k) - ACCURACY_METRICS[name](hits, n_targets, k)
    assert (change >= -1e-12).all()
    if name == "ndcg":
        assert (change[swapped] > 0).all()


@given(judged(), st.randoms(use_true_random=False))
def test_users_are_judged_independently(case: tuple[np.ndarray, np.ndarray, int], random: object) -> None:
    hits, n_targets, k = case
    order = list(range(len(hits)))
    random.shuffle(order)  # type: ignore[attr-defined]
    for metric in ACCURACY_METRICS.values():
        assert metric(hits[order], n_targets[order], k).tolist() == metric(hits, n_targets, k)[order].tolist()


def test_a_user_without_targets_and_a_list_too_short_are_refused() -> None:
    with pytest.raises(ShapeError, match="without targets"):
        ndcg_at(HITS, np.array([1, 1, 0, 1]), 2)
    with pytest.raises(ParameterError, match="k is 5, expected 1 to 4"):
        ndcg_at(HITS, N_TARGETS, 5)
    with pytest.raises(ShapeError, match=r"hits of 4 users, n_targets of shape \(3,\)"):
        ndcg_at(HITS, N_TARGETS[:3], 2)


def test_ndcg_of_scores_ranks_all_unseen_items() -> None:
    scores = np.array([[9.0, 8.0, 7.0, 6.0]])
    targets, seen = csr_matrix([[0.0, 0, 5, 0]]), csr_matrix([[3.0, 0, 0, 0]])
    assert ndcg_of_scores(scores, targets, seen=seen).tolist() == pytest.approx([1 / math.log2(3)])
    assert ndcg_of_scores(scores, targets).tolist() == pytest.approx([1 / 2])


RANX = textwrap.dedent(
    """
    import json, sys
    from ranx import Qrels, Run, evaluate

    given = json.load(sys.stdin)
    metrics = [f"{name}@{given['k']}" for name in ("ndcg", "recall", "precision", "map")]
    found = evaluate(Qrels(given["qrels"]), Run(given["run"]), metrics, return_mean=False)
    json.dump({name.partition("@")[0]: values.tolist() for name, values in found.items()}, sys.stdout)
    """
)


def test_values_agree_with_ranx() -> None:
    rng = np.random.default_rng(0)
    n_users, n_items, k = 40, 60, 10
    scores = rng.random((n_users, n_items))
    relevant = rng.random((n_users, n_items)) < rng.random((n_users, 1)) * 0.5
    relevant[np.arange(n_users), rng.integers(0, n_items, n_users)] = True
    users = [f"{user:02}" for user in range(n_users)]  # ranx sorts users by name
    question = {
        "k": k,
        "qrels": {user: {str(i): 1 for i in np.flatnonzero(row)} for user, row in zip(users, relevant, strict=True)},
        "run": {user: {str(i): score for i, score in enumerate(row)} for user, row in zip(users, scores, strict=True)},
    }
    # In a process of its own: compiled by numba it would need half a minute, and its imports warn.
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RANX],
        input=json.dumps(question),
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = {name: np.asarray(values) for name, values in json.loads(answer.stdout).items()}
    n_targets = relevant.sum(axis=1)
    hits = hits_of(top_k(scores, k).padded(len(scores), k), csr_matrix(relevant.astype(np.float32)))
    theirs["map"] = theirs["map"] * n_targets / np.minimum(n_targets, k)  # ranx divides by all targets
    assert set(theirs) == {"ndcg", "recall", "precision", "map"}
    for name, expected in theirs.items():
        assert ACCURACY_METRICS[name](hits, n_targets, k) == pytest.approx(expected), name
