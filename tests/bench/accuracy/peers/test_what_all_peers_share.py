"""Weights, lists, their worth and the search: the same code for every peer."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array, save_npz

from bench.accuracy.peers.shared.peer_job import (
    RATINGS,
    any_of,
    mapped,
    ndcg,
    on_frequent_items,
    ranked,
    run_search,
    scored,
    top_lists,
    without_known,
)
from recsys_core.evaluation.accuracy import ndcg_at

STARS = csr_matrix(np.array([[5.0, 3.0, 0.0], [0.0, 2.5, 1.0]], dtype=np.float32))


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("all", [[1, 1, 0], [0, 1, 1]]),
        ("liked", [[1, 0, 0], [0, 0, 0]]),
        ("stars", [[5, 3, 0], [0, 2.5, 1]]),
        ("power2", [[1, 0.36, 0], [0, 0.25, 0.04]]),
        ("power3", [[1, 0.216, 0], [0, 0.125, 0.008]]),
    ],
)
def test_stars_are_mapped_to_weights(how: str, expected: list[list[float]]) -> None:
    np.testing.assert_allclose(mapped(STARS, how).toarray(), expected, rtol=1e-6)
    assert STARS.data.tolist() == [5.0, 3.0, 2.5, 1.0]
    assert how in RATINGS


def test_somebody_who_liked_nothing_is_folded_in_with_all_their_ratings() -> None:
    assert mapped(STARS, "liked", folded_in=True).toarray().tolist() == [[1, 0, 0], [0, 1, 1]]


def test_an_unknown_mapping_is_refused() -> None:
    with pytest.raises(ValueError, match="power9"):
        mapped(STARS, "power9")


def test_lists_hold_the_best_unknown_columns_and_padding() -> None:
    scores = np.array([[0.1, 0.9, 0.5, np.nan], [4.0, 3.0, 2.0, 1.0]])
    known = csr_matrix(np.array([[0, 1, 0, 0], [1, 0, 0, 0]], dtype=np.float32))
    assert top_lists(scores, known, 3).tolist() == [[2, 0, -1], [1, 2, 3]]
    ranked = [np.array([1, 2, 0]), np.array([0, 1, 2, 3])]
    assert without_known(ranked, known, 3).tolist() == [[2, 0, -1], [1, 2, 3]]


def test_ties_do_not_favour_low_column_numbers() -> None:
    lists = top_lists(np.zeros((1, 1_000)), csr_matrix((1, 1_000), dtype=np.float32), 100)
    assert 400 < lists.mean() < 600


def test_ndcg_is_the_projects_own() -> None:
    rng = np.random.default_rng(3)
    targets = csr_matrix(random_array((20, 50), density=0.1, rng=rng, dtype=np.float64))
    lists = np.argsort(rng.random((20, 50)), axis=1)[:, :12].astype(np.int32)
    n_targets = np.diff(targets.indptr).astype(np.int64)
    hits = targets.toarray()[np.arange(20)[:, None], lists] > 0
    some = n_targets > 0
    np.testing.assert_allclose(ndcg(lists, targets), ndcg_at(hits[some], n_targets[some], 10), atol=1e-12)


def test_a_library_sees_weights_and_never_the_name_of_their_mapping() -> None:
    known = csr_matrix(np.array([[0.0, 2.0, 5.0]], dtype=np.float32))
    told: list[Any] = []

    def fit(weights: Any, own: dict[str, Any], seed: int) -> Any:
        told.extend([weights.toarray().tolist(), own, seed])
        return lambda rows, n=3: (
            [np.array([2, 0, 1])[:n]] if told[1]["ranks"] else np.array([[1.0, 2.0, 3.0]]) * rows.sum()
        )

    for made, ranks in ((scored(fit), False), (ranked(fit), True)):
        told.clear()
        recommend = made(STARS, {"ratings": "liked", "ranks": ranks}, 7)
        assert told == [[[1, 0, 0], [0, 0, 0]], {"ranks": ranks}, 7]
        assert recommend(known, 2).tolist() == [[0, -1]]


def test_rare_items_are_neither_evidence_nor_recommended() -> None:
    train = csr_matrix(np.array([[1, 1, 0, 1], [1, 0, 0, 1], [0, 0, 1, 1]], dtype=np.float32))

    def fit(weights: Any, parameters: dict[str, Any], seed: int) -> Any:
        assert weights.shape == (3, 2)
        assert parameters == {"other": 1}
        return lambda known, k: top_lists(np.array([[1.0, 2.0]]), known, k)

    recommend = on_frequent_items(fit)(train, {"other": 1, "min_item_ratings": 2}, 0)
    assert recommend(csr_matrix((1, 4), dtype=np.float32), 3).tolist() == [[3, 0, -1]]


def _ranker(train: Any, parameters: dict[str, Any], seed: int, *side: Any) -> Any:
    """Recommends by column number, upwards or downwards, or fails."""
    if parameters["order"] == "broken":
        raise ArithmeticError("diverged")
    sign = 1.0 if parameters["order"] == "up" else -1.0
    return lambda known, k: top_lists(np.tile(sign * np.arange(known.shape[1]), (known.shape[0], 1)), known, k)


def _search(
    job: Path, out: Path, orders: tuple[str, ...], n_trials: int, default: str, fit: Any = _ranker
) -> tuple[dict[str, Any], list[str]]:
    """What was found, and the order of each configuration that was fitted, trial after trial."""
    out.mkdir()
    space, fitted = {"order": any_of(*orders)}, list[str]()

    def recorded(train: Any, parameters: dict[str, Any], *more: Any) -> Any:
        fitted.append(parameters["order"])
        return fit(train, parameters, *more)

    run_search("ranker", "1", recorded, {"order": default}, space, job=job, out=out, n_trials=n_trials, seed=1)
    tuned: dict[str, Any] = json.loads((out / "tuned.json").read_text())
    return tuned, fitted


def test_the_search_begins_with_the_defaults_and_survives_a_failing_configuration(job: Path, tmp_path: Path) -> None:
    tuned, fitted = _search(job, tmp_path / "out", ("up", "broken"), 8, "down")
    assert fitted[0] == "down"
    assert tuned["n_trials"] == 8
    assert set(fitted[1:8]) == {"up", "broken"}
    assert "broken" not in fitted[8:], "judged further"
    assert tuned["parameters"]["order"] != "broken"


def test_the_two_best_of_the_first_round_are_judged_on_all_rounds(job: Path, tmp_path: Path) -> None:
    lists = {"early": [59, 1, 2, 3, 4, 58], "steady": [58, 59, 1, 2, 3, 4], "late": [58, 1, 2, 3, 4, 5]}
    for number, target in enumerate((59, 58)):
        save_npz(job / f"round{number}_targets.npz", csr_matrix((np.ones(12), (range(12), [target] * 12)), (12, 60)))

    def fit(train: Any, parameters: dict[str, Any], seed: int) -> Any:
        best = np.array(lists[parameters["order"]], dtype=np.int32)
        return lambda known, k: np.tile(np.pad(best, (0, k - len(best)), constant_values=-1), (known.shape[0], 1))

    tuned, fitted = _search(job, tmp_path / "out", ("steady", "late"), 8, "early", fit)
    assert "late" in fitted[:8]
    assert set(fitted[8:-1]) == {"early", "steady"}
    assert fitted[-1] == "steady"
    assert tuned["parameters"] == {"order": "steady"}
    assert tuned["validation_ndcg"] == pytest.approx((1 / np.log2(3) + 1) / 2)


def test_features_go_with_the_round_that_may_know_them(job: Path, tmp_path: Path) -> None:
    asked = json.loads((job / "job.json").read_text())
    (job / "job.json").write_text(json.dumps({**asked, "features": True}), encoding="utf-8")
    for number, prefix in enumerate(("round0_", "round1_", "")):
        save_npz(job / f"{prefix}features.npz", csr_matrix(np.full((60, 2), number + 1, dtype=np.float32)))
    told: list[float] = []

    def fit(train: Any, parameters: dict[str, Any], seed: int, features: Any) -> Any:
        told.append(features.max())
        return _ranker(train, parameters, seed)

    _search(job, tmp_path / "out", ("up",), 1, "up", fit)
    assert told == [1, 2, 3]


def test_a_peer_that_fails_on_everything_fails(job: Path, tmp_path: Path) -> None:
    with pytest.raises(ArithmeticError, match="diverged"):
        _search(job, tmp_path / "out", ("broken",), 3, "broken")
