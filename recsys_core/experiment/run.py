"""A whole experiment: tune on validation users, fit, and judge every model on the test part."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import HeldOut, Split, UserItemMatrix
from recsys_core.evaluation import Evaluation, EvaluationParameters
from recsys_core.experiment.line_up import judge
from recsys_core.experiment.recipe import fit_twin
from recsys_core.features import ItemFeatures
from recsys_core.hybrid import HybridModel
from recsys_core.tuning import OnTrial, TuningParameters, TuningResult, tune
from recsys_core.tuning.study import Clock

__all__ = ["Experiment", "run_experiment"]


@dataclass(frozen=True, slots=True, eq=False)
class Experiment:
    """What was found, with which model, and the evaluation of it beside the baselines."""

    tuned: TuningResult
    hybrid: HybridModel
    evaluation: Evaluation


def run_experiment(
    split: Split,
    features: ItemFeatures,
    *,
    rounds: Sequence[tuple[Split, ItemFeatures]] = (),
    tuning: TuningParameters,
    evaluation: EvaluationParameters,
    feedback: Feedback,
    train: UserItemMatrix | None = None,
    test: HeldOut | None = None,
    train_features: ItemFeatures | None = None,
    ablation: bool = False,
    recall_share: float = 0.0,
    storage: Path | None = None,
    clock: Clock | None = None,
    on_trial: OnTrial | None = None,
) -> Experiment:
    """Tune on ``split.validation``, fit on ``train`` and judge on ``test``.

    rounds          further rounds of validation (:func:`recsys_core.experiment.more_rounds`)
    train, test     what is fitted and judged in the end; by default the split's own. A published split tunes on a
                    part of its training file and then fits on the whole of it.
    ablation        judge the hybrid without each of its terms, too
    recall_share    weight of Recall@k in what tuning maximises; the rest is NDCG@k's
    features        fitted on ``split.train``; ``train_features`` on ``train``, where it is another matrix
    """
    train, test = train or split.train, test or split.test
    tuned = tune(
        split,
        features,
        tuning,
        feedback=feedback,
        more_rounds=rounds,
        recall_share=recall_share,
        storage=storage,
        clock=clock,
        on_trial=on_trial,
    )
    hybrid, sources = fit_twin(train, train_features or features, tuned, feedback=feedback)
    protocol = str(split.summary["protocol"])
    result = judge(hybrid, sources, test, train, protocol=protocol, parameters=evaluation, ablation=ablation)
    return Experiment(tuned, hybrid, result)
