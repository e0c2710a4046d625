"""The evaluation: every model and baseline on the test part, which is read here and nowhere before."""

from collections.abc import Mapping
from typing import Any

from assets.deciding_code import MODELS
from assets.materialising import Inputs, Made, Shown, Step, recsys_asset
from assets.presenting import page
from assets.tracking import tracked, tracked_child
from recsys_core.dataset.interactions import Split
from recsys_core.describing import describe_evaluation
from recsys_core.ease import EASEModel
from recsys_core.evaluation import Evaluation, EvaluationParameters, evaluate
from recsys_core.experiment import line_up, trade_offs
from recsys_core.hybrid import HybridModel
from recsys_core.plotting import metric_by_slice, metrics_table, models_by_metric, precision_coverage

__all__ = ["evaluation"]


def _show(step: Step) -> Shown:
    result: Evaluation = step.value
    hybrid: HybridModel = step.values["hybrid_model"]
    plots = {
        "models_by_metric": models_by_metric(result),
        "metric_by_slice": metric_by_slice(result),
        "precision_coverage": precision_coverage(trade_offs(hybrid, step.values["split"])),
    }
    _log(step, result, plots)
    return Shown(page(describe_evaluation(result, plots)))


def _log(step: Step, result: Evaluation, plots: Mapping[str, bytes]) -> None:
    """Metrics of all models in a child run; the hybrid's, and the plots, in the parent, where runs are compared."""
    by_model: dict[str, Any] = {model: found for model, found in result.metrics().items() if found}
    _, parent = tracked(step)
    parent.metrics({name: metric.mean for name, metric in by_model["hybrid"].items()})
    for name, png in plots.items():
        parent.figure(f"plots/{name}", png)
    with tracked_child(step, "evaluation") as log:
        for model, found in by_model.items():
            log.metrics({name: metric.mean for name, metric in found.items()}, prefix=f"{model}.")
        log.json("evaluation", result.summary())
        table = metrics_table(result)
        log.table("models", {name: [row[i] for row in table.rows] for i, name in enumerate(table.columns)})


@recsys_asset(
    group="evaluation",
    kinds={"scipy", "matplotlib"},
    show=_show,
    modules=(
        *MODELS,
        "recsys_core.evaluation",
        "recsys_core.experiment.line_up",
        "recsys_core.item_knn",
        "recsys_core.splitting",
    ),
    parameters=("evaluation",),
)
def evaluation(inputs: Inputs, split: Split, ease_model: EASEModel, hybrid_model: HybridModel) -> Made[Evaluation]:
    """Popularity, item-kNN, EASE, ALS, content and hybrid on held-out people, by slice, with 95 % intervals."""
    models = line_up(hybrid_model, split.train, ease=ease_model, rating_scale=inputs.dataset.rating_scale)
    return Made(
        evaluate(
            models.warm,
            split.test,
            split.train,
            features=hybrid_model.content.features,
            cold_scorers=models.cold,
            protocol=split.summary["protocol"],
            parameters=inputs.of(EvaluationParameters),
        )
    )
