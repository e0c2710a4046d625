"""Every notebook runs from top to bottom, away from the repository, without a warning."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from docgen.notebooks import NOTEBOOKS, complaints, run
from pipelines.settings import REPOSITORY, Settings
from registry.tracking import Tracking
from tests.corpus.made_home import without_settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ALONE = {
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONPATH": os.pathsep.join([str(Path(__file__).with_name("offline")), str(REPOSITORY)]),
}
"""One core, and no way out."""


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    with without_settings():
        yield


def pictures(book: NotebookNode) -> list[str]:
    """Names of the cells that show a picture."""
    return [cell.id for cell in book.cells for o in cell.get("outputs", ()) if "image/png" in o.get("data", {})]


def run_in(folder: Path, name: str, home: Path) -> NotebookNode:
    """The notebook, run in ``folder`` by a kernel with this home."""
    book = run(NOTEBOOKS / f"{name}.ipynb", folder, {**ALONE, "RECSYS_HOME": str(home)})
    assert complaints(book) == []
    return book


@pytest.mark.parametrize(
    ("name", "n_pictures"), [("data_preprocessing", 5), ("content_feature_engineering", 4), ("model_training", 7)]
)
def test_a_notebook_about_the_bundled_data_runs(name: str, n_pictures: int, tmp_path: Path) -> None:
    book = run_in(tmp_path, name, tmp_path / "home")
    assert len(pictures(book)) == n_pictures
    assert list(tmp_path.iterdir()) == []


def a_second_run(tracking: Tracking) -> None:
    """A run like the one that is there, with other parameters and figures."""
    client = tracking.client
    (first,) = client.search_runs([tracking.experiment_id], "tags.mlflow.runName LIKE 'pipeline%'")
    run_id = tracking.parent_run("another", tags={"model_version": "2", "verdict": "KEPT"})
    tracking.log(run_id).params({"als": {"factors": 9}})
    tracking.log(run_id).metrics({name: value * 0.9 for name, value in first.data.metrics.items()})
    tracking.finish(run_id)


@pytest.mark.parametrize("n_runs", [1, 2])
def test_runs_are_compared(n_runs: int, made_home: Path, tmp_path: Path) -> None:
    shutil.copytree(made_home / "home", tmp_path / "home")
    tracking = Settings(tmp_path / "home", made_home / "data").existing_tracking()
    _ = tracking.client  # whoever opens it first says that the home was moved
    if n_runs == 2:
        a_second_run(tracking)
    book = run_in(tmp_path, "compare_runs", tmp_path / "home")
    assert pictures(book) == ["plot-intervals", "plot-parameters", "plot-slices"]
    (rows,) = [o.data["text/markdown"] for c in book.cells if c.id == "read-runs" for o in c.outputs]
    assert rows.count("\n| version") == n_runs


@pytest.mark.parametrize("there_is_a_store", [False, True])
def test_without_a_run_one_sentence_says_what_to_run(there_is_a_store: bool, tmp_path: Path) -> None:
    if there_is_a_store:
        _ = Tracking(tmp_path / "home").experiment_id
    with pytest.raises(CellExecutionError) as raised:
        run_in(tmp_path, "compare_runs", tmp_path / "home")
    assert raised.value.ename == "NothingToCompareError"
    assert raised.value.evalue.startswith("There is no finished run to read: make one with `recsys run`")
    assert raised.value.traceback.rpartition("------------------\n")[2].strip() == raised.value.evalue  # below the cell


def test_a_kernel_reaches_nothing_beyond_this_machine(tmp_path: Path) -> None:
    cell = nbformat.v4.new_code_cell("import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "out.ipynb")
    with pytest.raises(CellExecutionError, match="a notebook wants to reach"):
        run(tmp_path / "out.ipynb", tmp_path, ALONE)
