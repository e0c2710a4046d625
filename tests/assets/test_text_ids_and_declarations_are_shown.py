"""What people see of data with a declaration: their own ids on pages, and the declaration in MLflow."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from assets.workspace import Workspace
from pipelines.settings import Settings
from recsys_core.dataset.roles import TABLE_NAMES
from recsys_core.sources.table import SOURCES
from tests.assets.materialising.running_steps import materialize

_DECLARED = """
name: films
ids: text
feedback: {scale: [0.5, 5], step: 0.5}
interactions: {file: ratings.csv}
items: {file: movies.csv}
"""
_SHOWN = ("user_item_matrix", "split", "item_features", *(f"{kind.name}_model" for kind in SOURCES), "hybrid_model")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def declared(settings: Settings, tmp_path: Path) -> Workspace:
    """The small data with texts for ids, as a file elsewhere declares."""
    (tmp_path / "films.yaml").write_text(_DECLARED)
    for name in ("ratings", "movies"):
        _prefix(settings.data_dir / f"{name}.csv", {"userId": "U-", "movieId": "B-"})
    return replace(settings, dataset_file=tmp_path / "films.yaml").workspace()


def _prefix(path: Path, prefixes: dict[str, str]) -> None:
    """Put texts before the cells of some columns."""
    with path.open(newline="", encoding="utf-8") as opened:
        header, *rows = csv.reader(opened)
    with path.open("w", newline="", encoding="utf-8") as opened:
        named = ([prefixes.get(name, "") + cell for name, cell in zip(header, row, strict=True)] for row in rows)
        csv.writer(opened).writerows([header, *named])


def test_pages_show_texts_and_the_run_keeps_the_declaration(declared: Workspace, instance: dg.DagsterInstance) -> None:
    data = [name for table in TABLE_NAMES for name in (f"raw_{table}", table)]
    result = materialize(declared, *data, *_SHOWN, "hybrid_weights", instance=instance)

    assert result.success
    for name in _SHOWN:
        (event,) = result.asset_materializations_for_node(name)
        rows = [record.data for record in event.metadata["preview"].value.records]
        assert len(rows) == 5, name
        assert all(str(row["item_id"]).startswith("B-") for row in rows), name
        assert all(str(row.get("user_id", "U-")).startswith("U-") for row in rows), name

    tracking = declared.tracking()
    run = tracking.client.get_run(tracking.parent_run(result.run_id))
    assert run.data.tags["dataset_file"] == declared.dataset_file
    assert Path(tracking.client.download_artifacts(run.info.run_id, "dataset.yaml")).read_text() == _DECLARED
    sources = {json.loads(entry.dataset.source)["uri"] for entry in run.inputs.dataset_inputs}
    assert sources == {str(declared.data_path / name) for name in ("ratings.csv", "movies.csv")}


def test_data_without_a_declaration_have_no_file_of_it(settings: Settings) -> None:
    workspace = settings.workspace()
    assert workspace.declaration is None

    (settings.data_dir / "dataset.yaml").write_text(_DECLARED)
    assert workspace.declaration == settings.data_dir / "dataset.yaml"
