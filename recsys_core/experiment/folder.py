"""Experiments on a folder of CSV files, over one or several seeds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys_core.dataset.interactions import Split
from recsys_core.dataset.schema import DatasetSpec
from recsys_core.dataset.tables import catalogue_ids, interactions_of, training_tags
from recsys_core.evaluation import Evaluation, EvaluationParameters, pool
from recsys_core.experiment.run import Experiment, run_experiment
from recsys_core.features import FeatureParameters, ItemFeatures, build_item_features
from recsys_core.splitting import SplitParameters, split_interactions
from recsys_core.tuning import OnTrial, TuningParameters
from recsys_core.tuning.study import Clock
from recsys_core.validating import RejectLimits
from recsys_core.validating.folder import clean_folder

__all__ = ["FolderTables", "evaluate_folder", "known_features"]


@dataclass(frozen=True, slots=True)
class FolderTables:
    """Where the validated tables of one data set lie: for each its rows.parquet."""

    ratings: Path
    movies: Path
    tags: Path
    genome_scores: Path
    genome_tags: Path

    @classmethod
    def under(cls, directory: Path) -> "FolderTables":
        """The tables that :func:`recsys_core.validating.folder.clean_folder` left in ``directory``."""
        names = ("ratings", "movies", "tags", "genome_scores", "genome_tags")
        return cls(*(directory / "validated" / name / "rows.parquet" for name in names))


def known_features(tables: FolderTables, split: Split, parameters: FeatureParameters) -> ItemFeatures:
    """Features of the whole catalogue, fitted on what the training part of ``split`` may know."""
    catalogue = catalogue_ids(tables.movies)
    return build_item_features(
        catalogue,
        np.isin(catalogue, split.train.item_ids),
        pq.read_table(tables.movies),
        tags=training_tags(tables.tags, split),
        genome_scores=tables.genome_scores,
        genome_tags=pq.read_table(tables.genome_tags),
        parameters=parameters,
    )


def evaluate_folder(
    data_dir: Path,
    dataset: DatasetSpec,
    workspace: Path,
    *,
    now: int,
    limits: RejectLimits,
    splits: Sequence[SplitParameters],
    features: FeatureParameters,
    tuning: TuningParameters,
    evaluation: EvaluationParameters,
    clock: Clock | None = None,
    on_trial: OnTrial | None = None,
    on_experiment: Callable[[int, Experiment], None] | None = None,
) -> Evaluation:
    """Clean ``data_dir`` into ``workspace``, run one experiment for each of ``splits``, and pool them by user.

    ``now`` is in seconds since 1970, UTC. Raises DataError for data that cannot be used.
    """
    clean_folder(data_dir, dataset, workspace, now=now, limits=limits)
    tables = FolderTables.under(workspace)
    interactions = interactions_of(tables.ratings)
    catalogue: NDArray[np.int64] = catalogue_ids(tables.movies)
    results = []
    for number, parameters in enumerate(splits):
        split = split_interactions(interactions, parameters, catalogue_ids=catalogue)
        found = run_experiment(
            split,
            known_features(tables, split, features),
            tuning=tuning,
            evaluation=evaluation,
            rating_scale=dataset.rating_scale,
            clock=clock,
            on_trial=on_trial,
        )
        results.append(found.evaluation)
        if on_experiment:
            on_experiment(number, found)
    return pool(results)
