"""The hybrid reaches its bars on the bundled data: five folds, every user tested once, tuned on other users.

Minutes; run with --slow. The same folds, with peers, are docs/accuracy.md.
"""

from pathlib import Path

import pytest

from bench.accuracy.bars import BARS, MUST_BEAT, Bar, lowest_differences
from bench.accuracy.data import load_data
from bench.accuracy.running import measured_each
from bench.accuracy.settings import N_FOLDS, Settings
from recsys_core.evaluation import Evaluation, pool

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800), pytest.mark.xdist_group("accuracy")]


@pytest.fixture(scope="module")
def pooled(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    workspace: Path = tmp_path_factory.mktemp("accuracy")
    folds = measured_each(load_data(workspace), Settings(), "fold", range(N_FOLDS), workspace, print)
    return pool([fold.evaluation for fold in folds])


@pytest.mark.parametrize("bar", BARS, ids=lambda bar: bar.slice_name)
def test_the_hybrid_reaches_its_bar(pooled: Evaluation, bar: Bar) -> None:
    assert pooled.slice_of(bar.slice_name).column("hybrid", "ndcg@10").mean() >= bar.least


@pytest.mark.parametrize(("model", "slice_name"), MUST_BEAT)
def test_the_hybrid_is_better_beyond_chance(pooled: Evaluation, model: str, slice_name: str) -> None:
    assert lowest_differences(pooled, [(model, slice_name)])[model, slice_name] > 0


def test_every_user_is_tested_once(pooled: Evaluation) -> None:
    user_ids = pooled.slice_of("first_1").user_ids
    assert len(user_ids) == len(set(user_ids.tolist())) >= 600


@pytest.mark.parametrize(("slice_name", "value"), [("warm", 0.1644646), ("by_time", 0.0755669), ("first_3", 0.3370058)])
def test_popularity_is_what_it_always_was(pooled: Evaluation, slice_name: str, value: float) -> None:
    assert pooled.slice_of(slice_name).column("popularity", "ndcg@10").mean() == pytest.approx(value, abs=1e-7)
