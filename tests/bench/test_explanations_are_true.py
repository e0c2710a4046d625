"""The reasons given for every user's list on the bundled data."""

from pathlib import Path

import numpy as np
import pytest

from bench.accuracy.data import fit_default_hybrid, load_data
from bench.explanations import Truth, measure


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    workspace: Path = tmp_path_factory.mktemp("explanations")
    bundle = load_data(workspace)
    return measure(fit_default_hybrid(bundle), bundle.interactions, every=20)


pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("explanations")]


def test_sources_and_titles_add_up_to_the_score_for_every_user(truth: Truth) -> None:
    assert truth.n_users == 610
    assert len(truth.relative) == 6100
    assert truth.relative.max() <= 1e-5  # scores are single-precision numbers of up to 80


def test_removing_the_title_named_first_lowers_the_score(truth: Truth) -> None:
    assert len(truth.lost) >= 90
    assert (truth.lost > 0).mean() >= 0.95
    assert np.corrcoef(truth.named, truth.lost)[0, 1] > 0.9
