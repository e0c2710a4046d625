"""The MLflow run that belongs to a Dagster run: what the assets' pages show is mirrored there."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from assets.materialising import Inputs, Step
from assets.presenting import say_trial
from recsys_core.dataset.declaration import DATASET_FILE
from recsys_core.tuning import OnTrial, Trial
from registry.data_sets import DataSet
from registry.run_log import RunLog
from registry.search_log import searching

__all__ = ["run_log", "tell_data", "test_part", "tracked_child", "tracked_search"]


def run_log(inputs: Inputs) -> RunLog:
    """The parent run of this Dagster run: found, or made and described."""
    tracking, told = inputs.places.tracking, inputs.places.told
    tags = {**told, "data_fingerprint": inputs.data_fingerprint, "mlflow.note.content": told.get("why", "")}
    return tracking.log(tracking.parent_run(inputs.run_id, tags={name: text for name, text in tags.items() if text}))


@contextmanager
def tracked_child(step: Step, parent: RunLog, name: str, *, ended_at: float) -> Iterator[RunLog]:
    """A child run of ``parent`` that spans the work of ``step``, until ``ended_at`` (seconds since 1970)."""
    tracking = step.inputs.places.tracking
    with tracking.child(parent.run_id, name, started_at=step.inputs.now, ended_at=ended_at) as log:
        yield log


@contextmanager
def tracked_search(inputs: Inputs) -> Iterator[OnTrial]:
    """What to call after each trial of a search: whoever watches is told, and the run has one step more."""
    with searching(run_log(inputs)) as write:

        def on_trial(trial: Trial, n_trials: int, best: Trial) -> None:
            say_trial(trial, n_trials, best)
            write(trial, n_trials, best)

        yield on_trial


def tell_data(inputs: Inputs, log: RunLog, *further: DataSet) -> None:
    """The tables that the value was trained on, ``further`` data, and the file that declares what they are."""
    log.data_sets(*_training_data(inputs), *further)
    declaration = inputs.places.told["dataset_file"]
    if declaration:
        with suppress(FileNotFoundError):  # it is gone by now, and the tag names it
            log.file(DATASET_FILE, Path(declaration).read_bytes())


def _training_data(inputs: Inputs) -> list[DataSet]:
    """The declared tables that the value comes from, with the content of their files."""
    found = []
    for table in inputs.dataset.tables:
        file, _, sha256 = inputs.descent.get(f"file {table.name}", "").partition(" ")
        if sha256:
            source = str(Path(inputs.places.told["data_dir"]) / file)
            found.append(DataSet.of_table(table, fingerprint=sha256, source=source))
    return found


def test_part(inputs: Inputs) -> DataSet:
    """The test part of the split that the value comes from."""
    return DataSet.of_table(
        inputs.dataset.table("ratings"),
        name="test part",
        fingerprint=inputs.descent["asset split"],
        source=inputs.places.told["data_dir"],
        context="test",
    )
