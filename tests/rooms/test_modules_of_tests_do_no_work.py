"""A module of tests that trains, splits or reads when it is imported fails there."""

import pytest

from pipelines.settings import SAMPLE_DATA
from recsys_core.testing import planted_interactions
from tests.collecting import without_work


def test_interactions_and_files_are_refused_while_tests_are_collected_and_not_later() -> None:
    import pyarrow.csv

    with without_work():
        with pytest.raises(AssertionError, match="work at import"):
            planted_interactions(5, 5, 20, seed=1)
        with pytest.raises(AssertionError, match="work at import"):
            pyarrow.csv.read_csv(SAMPLE_DATA / "links.csv")
    assert planted_interactions(5, 5, 20, seed=1).n_users <= 5
