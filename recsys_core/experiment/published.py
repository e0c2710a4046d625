"""An experiment on a split that somebody published: tuned inside the training file, reported on the test file."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys_core.dataset.feedback import Feedback, FeedbackKind
from recsys_core.dataset.interactions import UserItemMatrix, build_user_items
from recsys_core.dataset.schema import DatasetSpec, TableSpec
from recsys_core.errors import MalformedFileError, MissingFileError
from recsys_core.evaluation import EvaluationParameters
from recsys_core.experiment.run import Experiment, run_experiment
from recsys_core.features import FeatureParameters, ItemFeatures, build_item_features
from recsys_core.reading import read_table
from recsys_core.reading.convert import NOT_WHOLE
from recsys_core.splitting import PublishedSplitParameters, published_split
from recsys_core.splitting.overlap import Overlap, overlap_of
from recsys_core.storage import atomic_directory
from recsys_core.tuning import OnTrial, TuningParameters
from recsys_core.tuning.study import Clock

__all__ = ["evaluate_published", "published_tuning", "read_interactions"]

_OPTIONAL = ("rating", "timestamp")
_MORE_TRIALS: dict[str, Any] = {"n_trials_als": 24, "n_trials_ease": 24, "n_trials_blend": 160, "max_users": 5_000}
_SECONDS = 600.0
_ITERATIONS = 15
_RECALL_SHARE = 0.5


def published_tuning(tuning: TuningParameters) -> TuningParameters:
    """``tuning`` with a budget for somebody who compares figures: what it leaves at the defaults is searched longer.

    All stages together end after ten minutes, whatever the machine.
    """
    more = {**_MORE_TRIALS, "time_budget": _SECONDS, "als": tuning.als.replace(iterations=_ITERATIONS)}
    left = {name: value for name, value in more.items() if name not in tuning.model_fields_set}
    changed: TuningParameters = tuning.replace(**left)
    return changed


def evaluate_published(
    train_csv: Path,
    test_csv: Path,
    movies_csv: Path | None,
    dataset: DatasetSpec,
    workspace: Path,
    *,
    split: PublishedSplitParameters,
    kind: FeedbackKind = "ratings",
    features: FeatureParameters,
    tuning: TuningParameters,
    evaluation: EvaluationParameters,
    clock: Clock | None = None,
    on_trial: OnTrial | None = None,
) -> tuple[Experiment, Overlap]:
    """Run one experiment on two files with the columns user_id, item_id and, if present, rating and timestamp.

    Without a rating column every row counts as the best rating; ``kind`` says whether its values are ratings, counts
    (plays, purchases) or mean nothing. ``movies_csv`` gives the content features; without it
    there are none. ``workspace`` is a folder for intermediate files. As published figures are, everybody in the test
    file whom the training file knows is judged, on all their new rows and with all that the training file has of them,
    whatever the parameters say; and tuning maximises the mean of NDCG and Recall, for both are reported. What is left
    out is counted; :class:`DataError` where that is most of the test file.
    """
    train, test, dataset = _both(train_csv, test_csv, dataset, workspace)
    overlap = overlap_of(train, test)
    overlap.refuse_most(train_csv.name, test_csv.name)
    movies = _movies(movies_csv, dataset, workspace / "movies", np.union1d(train.item_ids, test.item_ids))
    catalogue = np.sort(movies["item_id"].to_numpy())
    parts = published_split(train, test, parameters=split, catalogue_ids=catalogue)

    def fitted_on(matrix: UserItemMatrix) -> ItemFeatures:
        return build_item_features(catalogue, np.isin(catalogue, matrix.item_ids), movies, parameters=features)

    experiment = run_experiment(
        parts.tuning,
        fitted_on(parts.tuning.train),
        tuning=tuning.replace(whole_history_share=1.0),
        evaluation=evaluation.replace(positive_threshold=None, max_users=None),
        feedback=feedback_of(train, kind),
        train=parts.train,
        test=parts.test,
        train_features=fitted_on(parts.train),
        recall_share=_RECALL_SHARE,
        clock=clock,
        on_trial=on_trial,
    )
    return experiment, overlap


def _both(
    train_csv: Path, test_csv: Path, dataset: DatasetSpec, workspace: Path
) -> tuple[UserItemMatrix, UserItemMatrix, DatasetSpec]:
    """Both files, and the data set with texts for ids where most of a file's are no whole numbers."""
    texts: set[str] = set()
    while True:
        declared, folder = dataset.with_text_ids(texts), workspace / f"{len(texts)} columns of texts"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            train = read_interactions(train_csv, declared, folder / "train")
            return train, read_interactions(test_csv, declared, folder / "test"), declared
        except _TextIdsError as found:
            texts.add(found.column)


class _TextIdsError(MalformedFileError):
    """Most ids of a column are no whole numbers."""

    def __init__(self, message: str, column: str) -> None:
        super().__init__(message)
        self.column = column


def read_interactions(csv_path: Path, dataset: DatasetSpec, directory: Path) -> UserItemMatrix:
    """The interactions in a CSV file; a repeated pair keeps its last row.

    Unreadable rows stop everything with the first three of them: a published split is complete or it is another one.
    """
    if not csv_path.is_file():
        raise MissingFileError(f"{csv_path}: there is no such file; give a CSV file with user_id and item_id")
    table = dataset.table("ratings")
    columns = tuple(replace(c, optional=True) if c.name in _OPTIONAL else c for c in table.columns)
    rows = _read(csv_path, replace(table, columns=columns), directory)
    users, items = rows["user_id"].to_numpy(), rows["item_id"].to_numpy()
    ratings = _or_constant(rows, "rating", dataset.feedback.maximum)
    timestamps = _or_constant(rows, "timestamp", 0).astype(np.int64)
    faulty = ~np.isfinite(ratings)
    if faulty.any():
        line = int(rows["line"].to_numpy()[np.argmax(faulty)])
        raise MalformedFileError(
            f"{csv_path}: line {line} and {int(faulty.sum()) - 1} more have a rating that is no number"
        )
    last = _last_of_each(users, items)
    return build_user_items(users[last], items[last], ratings[last], timestamps[last])


def feedback_of(interactions: UserItemMatrix, kind: FeedbackKind) -> Feedback:
    """What the values say: ratings on the scale as found, of constant ones so that each speaks for its item."""
    values = interactions.ratings.data
    if kind == "events":
        return Feedback.events()
    if kind == "counts":
        return Feedback.counts(values)
    low, high = float(values.min()), float(values.max())
    return Feedback(low, high, high - low) if low < high else Feedback(0.0, high, high)


def _read(csv_path: Path, table: TableSpec, directory: Path) -> pa.Table:
    with atomic_directory(directory) as staging:
        summary = read_table(csv_path, table, staging)
    if summary.n_rejected:
        rejected = pq.read_table(directory / "rejected.parquet", columns=["line", "reason", "column"])
        examples = "; ".join(f"line {row['line']}: {row['reason']}" for row in rejected.slice(0, 3).to_pylist())
        message = f"{csv_path}: {summary.n_rejected} rows cannot be read ({examples}); mend the file"
        texts = Counter(rejected.filter(pc.equal(rejected["reason"], NOT_WHOLE))["column"].to_pylist())
        for name, count in texts.items():
            if name in ("user_id", "item_id") and 2 * count > summary.n_rows:
                raise _TextIdsError(message, name)
        raise MalformedFileError(message)
    if summary.n_rows == 0:
        raise MalformedFileError(f"{csv_path}: has no rows; expected interactions")
    rows = pq.read_table(directory / "rows.parquet")
    needed = [column.name for column in table.columns if not column.nullable and column.name not in summary.absent]
    empty = [name for name in needed if rows[name].null_count]
    if empty:
        raise MalformedFileError(f"{csv_path}: column {empty[0]} is empty in {rows[empty[0]].null_count} rows")
    return rows


def _or_constant(rows: pa.Table, name: str, value: float) -> NDArray[np.float64]:
    if rows[name].null_count < rows.num_rows:
        return np.asarray(rows[name].to_numpy(), dtype=np.float64)
    return np.full(rows.num_rows, value, dtype=np.float64)


def _last_of_each(users: NDArray[np.int64], items: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row numbers of the last row of each (user, item) pair."""
    order = np.lexsort((np.arange(len(users)), items, users))
    is_last = np.ones(len(users), dtype=bool)
    is_last[:-1] = (np.diff(users[order]) != 0) | (np.diff(items[order]) != 0)
    return np.sort(order[is_last])


def _movies(movies_csv: Path | None, dataset: DatasetSpec, directory: Path, rated: NDArray[np.int64]) -> pa.Table:
    """The catalogue: ``movies_csv`` if given, and a nameless title for every rated item that it does not have."""
    table = dataset.table("movies")
    known = table.arrow_schema.empty_table()
    if movies_csv is not None:
        if not movies_csv.is_file():
            raise MissingFileError(f"{movies_csv}: there is no such file; expected {', '.join(table.column_names)}")
        known = _read(movies_csv, table, directory).select(list(table.column_names))
    missing = np.setdiff1d(rated, known["item_id"].to_numpy())
    nothing = [""] * len(missing)
    years = pa.nulls(len(missing), pa.int64())
    nameless = pa.table(
        {"item_id": missing, "title": nothing, "genres": nothing, "year": years}, schema=table.arrow_schema
    )
    return pa.concat_tables([known.cast(table.arrow_schema), nameless])
