"""What every peer promises, for those that need no environment of their own."""

from pathlib import Path

import numpy as np
import pytest

from bench.accuracy.peers import run_peer

IMPLICIT = ("implicit_als", "implicit_default", "implicit_knn")
FIRST_TASTE = 30
KNOWS_NEARLY_ALL, LIKES_NOTHING = 0, 1


@pytest.mark.parametrize("name", IMPLICIT)
class TestContract:
    def test_users_who_know_nearly_all_get_a_padded_list_and_the_others_are_answered(
        self, name: str, job: Path, tmp_path: Path
    ) -> None:
        odd = run_peer(name, job, tmp_path / "out", 3, 0).lists("odd")
        assert set(odd[KNOWS_NEARLY_ALL]) <= {57, 58, 59, -1}
        assert (odd[KNOWS_NEARLY_ALL] == -1).sum() >= 5
        assert (odd[LIKES_NOTHING] >= 0).any()

    def test_the_same_seed_gives_the_same_result(self, name: str, job: Path, tmp_path: Path) -> None:
        first, second = (run_peer(name, job, tmp_path / place, 4, 3) for place in ("a", "b"))
        assert first.parameters == second.parameters
        assert first.validation_ndcg == second.validation_ndcg
        for view in ("warm", "odd"):
            np.testing.assert_array_equal(first.lists(view), second.lists(view))

    def test_as_many_configurations_are_tried_as_were_asked_for(self, name: str, job: Path, tmp_path: Path) -> None:
        result = run_peer(name, job, tmp_path / "out", 3, 0)
        assert result.n_trials == (1 if name == "implicit_default" else 3)
        assert result.validation_ndcg > 0
        assert result.seconds > 0


# Not the untuned default: with 100 factors for 60 items it learns the training data by heart.
@pytest.mark.parametrize("name", ["implicit_als", "implicit_knn"])
def test_it_finds_the_taste_of_users_it_was_not_trained_on(name: str, job: Path, tmp_path: Path) -> None:
    result = run_peer(name, job, tmp_path / "out", 3, 0)
    warm = result.lists("warm")
    assert warm.dtype == np.int32
    assert warm.shape == (10, 8)
    of_first = warm < FIRST_TASTE
    even = np.arange(10) % 2 == 0
    assert of_first[even].mean() > 0.9
    assert of_first[~even].mean() < 0.1
