"""What a peer is told, what becomes of its lists, and what happens when it fails."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import load_npz

from bench.accuracy import peer_jobs
from bench.accuracy.data import Bundle
from bench.accuracy.equal_budget import OURS
from bench.accuracy.folds import FinalPart, Rounds
from bench.accuracy.peers import PeerError, PeerResult
from bench.accuracy.running import measure_everything
from bench.accuracy.settings import Settings
from recsys_core.sources.popularity import fit_popularity
from recsys_core.splitting import VIEWS


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
    (out / "tuned.json").write_text(json.dumps(tuned | {"validation_ndcg": 0.2}))


@pytest.fixture
def fake_peers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Peers of which "broken" gives no answer, and all others do. Returns the calls."""
    calls: list[str] = []

    def run(name: str, job: Path, out: Path, n_trials: int, seed: int) -> None:
        calls.append(f"{name} {n_trials} {seed}")
        if name == "broken":
            raise PeerError("broken: it crashed")
        popular_lists(job, out)

    monkeypatch.setattr(peer_jobs, "run_peer", run)
    monkeypatch.setattr(peer_jobs, "program_digest", lambda name: "")
    return calls


def test_a_job_holds_every_round_of_validation_and_everything_outside_the_fold(
    rounds: Rounds, part: FinalPart, tmp_path: Path
) -> None:
    job = peer_jobs.write_jobs(tmp_path, rounds, part, 3)[False]
    expected = {"k": 20, "views": list(VIEWS), "seed": 3, "n_rounds": 4, "features": False}
    assert json.loads((job / "job.json").read_text()) == expected
    np.testing.assert_array_equal(np.load(job / "item_ids.npy"), part.train.item_ids)
    train = load_npz(job / "train.npz")
    assert train.dtype == np.float32
    assert (train != part.train.ratings).nnz == 0
    for view in VIEWS:
        assert (load_npz(job / f"known_{view}.npz") != part.views[view].history.ratings).nnz == 0
    assert not list(job.glob("*features*"))


def test_a_job_has_the_same_targets_on_the_final_columns_and_no_test_target(rounds: Rounds, part: FinalPart) -> None:
    matrices = peer_jobs.job_matrices(rounds, part, features=False)
    for number, (split, _) in enumerate(rounds):
        targets, validation = matrices[f"round{number}_targets"], split.validation
        for row in range(targets.shape[0]):
            ours = set(part.train.item_ids[targets[row].indices].tolist())
            assert ours == set(split.train.item_ids[validation.targets[row].indices].tolist())
        assert matrices[f"round{number}_train"].nnz == split.train.n_ratings
    assert {matrix.shape[1] for matrix in matrices.values()} == {part.train.n_items}
    for name, view in part.views.items():
        assert matrices[f"known_{name}"].multiply(view.targets).nnz == 0


def test_features_are_those_that_training_may_know_in_each_place(rounds: Rounds, part: FinalPart) -> None:
    matrices = peer_jobs.job_matrices(rounds, part, features=True)
    known_of = {"": part.features, **{f"round{number}_": known for number, (_, known) in enumerate(rounds)}}
    for prefix, known in known_of.items():
        found = matrices[f"{prefix}features"]
        groups = known.select(part.train.item_ids).groups.values()
        assert found.shape == (part.train.n_items, sum(group.shape[1] for group in groups))
        assert found.sum() == pytest.approx(sum(group.sum() for group in groups), rel=1e-5)
        assert found.nnz > 0


def test_the_same_job_is_written_once_and_another_one_elsewhere(
    rounds: Rounds, part: FinalPart, tmp_path: Path
) -> None:
    job = peer_jobs.write_jobs(tmp_path, rounds, part, 3)[False]
    before = (job / "job.json").stat().st_mtime_ns
    assert peer_jobs.write_jobs(tmp_path, rounds, part, 3)[False] == job
    assert (job / "job.json").stat().st_mtime_ns == before
    assert peer_jobs.write_jobs(tmp_path, rounds[1:], part, 3)[False] != job
    assert peer_jobs.write_jobs(tmp_path, rounds, part, 3)[True] != job


def run(
    names: list[str], tmp_path: Path, rounds: Rounds, part: FinalPart
) -> tuple[dict[str, PeerResult], dict[str, str]]:
    jobs = peer_jobs.write_jobs(tmp_path, rounds, part, 3)
    return peer_jobs.run_peers(names, jobs, n_trials=4, seed=3, on_peer=lambda _: None)


def test_a_finished_peer_is_taken_up_and_a_failed_one_reported(
    rounds: Rounds, part: FinalPart, small_settings: Settings, tmp_path: Path, fake_peers: list[str]
) -> None:
    results, failures = run(["fake", "broken"], tmp_path, rounds, part)
    assert list(results) == ["fake"]
    assert failures == {"broken": "broken: it crashed"}
    again, _ = run(["fake", "broken"], tmp_path, rounds, part)
    assert sorted(fake_peers) == ["broken 4 3", "broken 4 3", "fake 4 3"]
    slices = peer_jobs.judged_peers(again, part, small_settings)
    assert set(VIEWS) < set(slices)
    assert slices["warm"].column("fake", "ndcg@10").mean() > 0


def test_other_features_concern_only_the_peers_that_take_them(
    rounds: Rounds, part: FinalPart, tmp_path: Path, fake_peers: list[str]
) -> None:
    names = ["fake", "fake_features"]
    run(names, tmp_path, rounds, part)
    genres_alone = replace(part.features, groups={"genre": part.features.groups["genre"]})
    run(names, tmp_path, rounds, replace(part, features=genres_alone))
    assert sorted(fake_peers) == ["fake 4 3", "fake_features 4 3", "fake_features 4 3"]


def test_peers_stand_beside_our_models_in_every_table(
    small_bundle: Bundle, small_settings: Settings, small_workspace: Path, fake_peers: list[str]
) -> None:
    from bench.accuracy.document import fields
    from bench.page import filled

    found = measure_everything(
        small_bundle,
        small_settings,
        folds=[0, 1],
        peers=["fake", "broken"],
        peer_trials=3,
        workspace=small_workspace,
        say=lambda _: None,
    )
    assert list(found.peers) == ["fake", *OURS]
    # who failed in the fold is not asked about the windows
    # who failed in a fold is not asked in the next
    assert sorted(fake_peers) == ["broken 3 1", "fake 3 1", "fake 3 1"]
    assert len(found.peers["fake"]) == 2
    assert "fake" in found.pooled.slices["tail"].values
    assert "fake" not in found.in_time.slices["temporal"].values
    assert "fake" not in found.pooled.slices["cold"].values
    text = filled("bench.accuracy", circumstances="", **fields(found, peer_trials=3, is_trial=False))
    assert "| hybrid_ratings − fake |" in text
    assert "k 1, lambda 0.123" in text
    assert "- broken: broken: it crashed" in text


def test_peers_judged_on_other_users_are_refused(
    rounds: Rounds, part: FinalPart, small_settings: Settings, tmp_path: Path, fake_peers: list[str]
) -> None:
    results, _ = run(["fake"], tmp_path, rounds, part)
    slices = peer_jobs.judged_peers(results, part, small_settings)
    from bench.accuracy.measuring import evaluation_of

    ours = evaluation_of("user_holdout", slices, small_settings)
    wrong = {"warm": slices["first_1"]}
    if np.array_equal(slices["warm"].user_ids, slices["first_1"].user_ids):
        wrong = {"warm": slices["tail"]}
    with pytest.raises(PeerError, match="judged on other users"):
        peer_jobs.with_models(ours, wrong)
