"""A line of the table without a class that holds its source to the contract would be a source nobody tests."""

import importlib
from pathlib import Path

from recsys_core.sources.table import SOURCES
from recsys_core.testing.source_contract import SourceContract


def test_every_source_of_the_table_is_held_to_the_contract() -> None:
    held = []
    for path in Path(__file__).parent.glob("*/test_*_model.py"):
        module = importlib.import_module(f"tests.recsys_core.sources.{path.parent.name}.{path.stem}")
        classes = [found for found in vars(module).values() if isinstance(found, type)]
        held += [found.kind for found in classes if issubclass(found, SourceContract) and found is not SourceContract]
    assert {kind.name for kind in held} == {kind.name for kind in SOURCES}
