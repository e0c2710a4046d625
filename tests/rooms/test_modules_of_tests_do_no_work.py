"""A module of tests that trains, splits or reads when it is imported fails there; nor does it keep random numbers."""

import ast
from pathlib import Path

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


def test_no_module_keeps_a_generator_that_its_tests_draw_from_in_turn() -> None:
    """What the second draws depends on whether the first ran before it in the same process."""
    tests = Path(__file__).parents[1]
    kept = [
        str(file.relative_to(tests))
        for file in tests.rglob("*.py")
        for line in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(line, ast.Assign | ast.AnnAssign) and isinstance(line.value, ast.Call)
        if ast.unparse(line.value.func).rpartition(".")[2] in {"default_rng", "Random", "RandomState"}
    ]
    assert kept == []
