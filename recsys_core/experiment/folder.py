"""Experiments on a folder of CSV files, over one or several seeds."""

from collections.abc import Callable, Sequence
from pathlib import Path

from recsys_core.dataset.schema import DatasetSpec
from recsys_core.evaluation import Evaluation, EvaluationParameters, pool
from recsys_core.experiment.item_knowledge import more_rounds
from recsys_core.experiment.prepared import prepare_folder
from recsys_core.experiment.run import Experiment, run_experiment
from recsys_core.features import FeatureParameters
from recsys_core.splitting import SplitParameters
from recsys_core.tuning import OnTrial, TuningParameters
from recsys_core.tuning.study import Clock
from recsys_core.validating import RejectLimits

__all__ = ["evaluate_folder"]


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
    ablation: bool = False,
    clock: Clock | None = None,
    on_trial: OnTrial | None = None,
    on_experiment: Callable[[int, Experiment], None] | None = None,
) -> Evaluation:
    """Clean ``data_dir`` into ``workspace``, run one experiment for each of ``splits``, and pool them by user.

    ``now`` is in seconds since 1970, UTC. Raises DataError for data that cannot be used.
    """
    prepared = prepare_folder(data_dir, dataset, workspace, now=now, limits=limits)
    interactions, tables = prepared.interactions, prepared.tables
    results = []
    for number, parameters in enumerate(splits):
        split = prepared.split(parameters)
        found = run_experiment(
            split,
            tables.known_to(split, features),
            rounds=more_rounds(split, interactions, tables, splitting=parameters, features=features, tuning=tuning),
            tuning=tuning,
            evaluation=evaluation,
            ablation=ablation,
            feedback=dataset.feedback,
            clock=clock,
            on_trial=on_trial,
        )
        results.append(found.evaluation)
        if on_experiment:
            on_experiment(number, found)
    return pool(results)
