"""What a peer is told, what becomes of its lists, and what happens when it fails."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import load_npz

from bench.accuracy import peer_jobs
from bench.accuracy.data import Bundle
from bench.accuracy.folds import FinalPart, Rounds, final_part, rounds_of
from bench.accuracy.peers import PeerError
from bench.accuracy.running import measure_everything
from bench.accuracy.settings import Settings
from recsys_core.sources.popularity import fit_popularity
from recsys_core.splitting import VIEWS


@pytest.fixture(scope="module")
def rounds(small_bundle: Bundle, small_settings: Settings) -> Rounds:
    return rounds_of(small_bundle, small_settings.splitting(0), small_settings)


@pytest.fixture(scope="module")
def part(small_bundle: Bundle, small_settings: Settings) -> FinalPart:
    return final_part(small_bundle, small_settings.splitting(0), small_settings)


def popular_lists(job: Path, out: Path) -> None:
    """A peer that ranks by popularity, and writes what the interface asks for."""
    train = load_npz(job / "train.npz")
    scores = fit_popularity(train, np.arange(train.shape[1])).n_ratings
    for view in json.loads((job / "job.json").read_text())["views"]:
        known = load_npz(job / f"known_{view}.npz")
        lists = np.full((known.shape[0], 20), -1, dtype=np.int32)
        for row, seen in enumerate(known):
            best = [c for c in np.argsort(-scores, kind="stable").tolist() if c not in set(seen.indices.tolist())]
            lists[row, : len(best[:20])] = best[:20]
        np.save(out / f"lists_{view}.npy", lists)
    tuned = {"name": "fake", "version": "1", "parameters": {"k": 1, "lambda": 0.123456}, "n_trials": 3, "seconds": 0.5}
    (out / "tuned.json").write_text(json.dumps(tuned | {"validation_ndcg": 0.2, "default_validation_ndcg": 0.1}))


@pytest.fixture
def fake_peers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two peers: "fake" answers, "broken" does not. Returns the calls."""
    calls: list[str] = []

    def run(name: str, job: Path, out: Path, n_trials: int, seed: int) -> Any:
        calls.append(f"{name} {n_trials} {seed}")
        if name == "broken":
            raise PeerError("broken: it crashed")
        popular_lists(job, out)

    monkeypatch.setattr(peer_jobs, "run_peer", run)
    return calls


def test_a_job_holds_the_first_validation_round_and_everything_outside_the_fold(
    rounds: Rounds, part: FinalPart, tmp_path: Path
) -> None:
    job = peer_jobs.write_job(tmp_path, rounds[0][0], part, 3)
    assert json.loads((job / "job.json").read_text()) == {"k": 20, "views": list(VIEWS), "seed": 3}
    np.testing.assert_array_equal(np.load(job / "item_ids.npy"), part.train.item_ids)
    train = load_npz(job / "train.npz")
    assert train.dtype == np.float32
    assert (train != part.train.ratings).nnz == 0
    for view in VIEWS:
        assert (load_npz(job / f"known_{view}.npz") != part.views[view].history.ratings).nnz == 0


def test_a_job_has_the_same_targets_on_the_final_columns_and_no_test_target(rounds: Rounds, part: FinalPart) -> None:
    split = rounds[0][0]
    matrices = peer_jobs.job_matrices(split, part)
    targets, validation = matrices["tuning_targets"], split.validation
    for row in range(targets.shape[0]):
        ours = set(part.train.item_ids[targets[row].indices].tolist())
        assert ours == set(split.train.item_ids[validation.targets[row].indices].tolist())
    assert matrices["tuning_train"].nnz == split.train.n_ratings
    assert {matrix.shape[1] for matrix in matrices.values()} == {part.train.n_items}
    for name, view in part.views.items():
        assert matrices[f"known_{name}"].multiply(view.targets).nnz == 0


def test_the_same_job_is_written_once_and_another_one_elsewhere(
    rounds: Rounds, part: FinalPart, tmp_path: Path
) -> None:
    job = peer_jobs.write_job(tmp_path, rounds[0][0], part, 3)
    before = (job / "job.json").stat().st_mtime_ns
    assert peer_jobs.write_job(tmp_path, rounds[0][0], part, 3) == job
    assert (job / "job.json").stat().st_mtime_ns == before
    assert peer_jobs.write_job(tmp_path, rounds[1][0], part, 3) != job


def test_a_finished_peer_is_taken_up_and_a_failed_one_reported(
    rounds: Rounds, part: FinalPart, small_settings: Settings, tmp_path: Path, fake_peers: list[str]
) -> None:
    job = peer_jobs.write_job(tmp_path, rounds[0][0], part, 3)
    said: list[str] = []
    names = ["fake", "broken"]
    run = peer_jobs.run_peers(names, job, n_trials=4, seed=3, on_peer=said.append)
    assert list(run.results) == ["fake"]
    assert run.failures == {"broken": "broken: it crashed"}
    again = peer_jobs.run_peers(names, job, n_trials=4, seed=3, on_peer=said.append)
    assert fake_peers == ["fake 4 3", "broken 4 3", "broken 4 3"]
    slices = peer_jobs.judged_peers(again, part, small_settings)
    assert set(VIEWS) < set(slices)
    assert slices["warm"].column("fake", "ndcg@10").mean() > 0


def test_peers_stand_beside_our_models_in_every_table(
    small_bundle: Bundle, small_settings: Settings, small_workspace: Path, fake_peers: list[str]
) -> None:
    from bench.accuracy.document import document

    found = measure_everything(
        small_bundle,
        small_settings,
        folds=[0],
        peers=["fake", "broken"],
        peer_trials=3,
        workspace=small_workspace,
        say=lambda _: None,
    )
    assert list(found.peers) == ["fake"]
    assert fake_peers == ["fake 3 1", "broken 3 1", "fake 3 1", "fake 3 1"]  # who failed is not asked again
    assert len(found.peers["fake"]) == 3  # a fold and two windows
    assert "fake" in found.pooled.slices["tail"].values
    assert "fake" in found.in_time.slices["temporal"].values
    assert "fake" not in found.pooled.slices["cold"].values
    text = document(found, circumstances="", n_folds=5, peer_trials=3, quick=False)
    assert "| hybrid − fake |" in text
    assert "k 1, lambda 0.123" in text
    assert "- broken: broken: it crashed" in text


def test_peers_judged_on_other_users_are_refused(
    rounds: Rounds, part: FinalPart, small_settings: Settings, tmp_path: Path, fake_peers: list[str]
) -> None:
    job = peer_jobs.write_job(tmp_path, rounds[0][0], part, 3)
    run = peer_jobs.run_peers(["fake"], job, n_trials=1, seed=3, on_peer=lambda _: None)
    slices = peer_jobs.judged_peers(run, part, small_settings)
    from bench.accuracy.measuring import evaluation_of

    ours = evaluation_of("user_holdout", slices, small_settings)
    wrong = {"warm": slices["first_1"]}
    if np.array_equal(slices["warm"].user_ids, slices["first_1"].user_ids):
        wrong = {"warm": slices["tail"]}
    with pytest.raises(PeerError, match="judged on other users"):
        peer_jobs.with_models(ours, wrong)
