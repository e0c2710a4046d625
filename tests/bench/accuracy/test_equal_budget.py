"""The hybrid as one of its peers: what it may use, and how often it may try."""

import pytest

from bench.accuracy.equal_budget import OURS, RATINGS_ALONE, WITH_FEATURES, ratings_alone, run_ours
from bench.accuracy.folds import FinalPart, Rounds
from bench.accuracy.peer_jobs import write_jobs
from bench.accuracy.peers import PeerResult
from bench.accuracy.settings import Settings
from recsys_core.tuning import TuningParameters


@pytest.fixture(scope="module")
def found(
    rounds: Rounds, part: FinalPart, small_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, PeerResult]:
    jobs = write_jobs(tmp_path_factory.mktemp("job"), rounds, part, 3)
    return run_ours(jobs[False], rounds, part, small_settings, n_trials=5, key="a")


def test_both_try_as_many_configurations_as_a_peer(found: dict[str, PeerResult], part: FinalPart) -> None:
    assert tuple(found) == OURS
    for result in found.values():
        assert result.n_trials == 5
        assert result.lists("warm").shape == (part.views["warm"].history.n_users, 20)
    assert "ease feature_weight" in found[WITH_FEATURES].parameters
    assert not {"ease feature_weight", "blend content"} & set(found[RATINGS_ALONE].parameters)


def test_with_ratings_alone_nothing_of_a_title_is_used_or_searched() -> None:
    tuning = ratings_alone(TuningParameters())
    assert "content" not in tuning.weights.taste
    assert tuning.ease.feature_weight == 0
    searched = {parameter.name for parameter in tuning.search_space}
    assert {"regularization", "kappa", "neighbours"} <= searched
    assert not any(name.startswith("weight_") or name in ("content", "feature_weight") for name in searched)


def test_finished_ones_are_read_until_their_key_changes(
    found: dict[str, PeerResult], rounds: Rounds, part: FinalPart, small_settings: Settings
) -> None:
    job = found[RATINGS_ALONE].folder.parent / found[RATINGS_ALONE].folder.name.partition("-hybrid")[0]
    assert run_ours(job, rounds, part, small_settings, n_trials=5, key="a") == found
    another = run_ours(job, rounds, part, small_settings, n_trials=5, key="b")
    assert another[RATINGS_ALONE].folder != found[RATINGS_ALONE].folder
