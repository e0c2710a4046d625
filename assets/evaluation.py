"""The evaluation: every model and baseline on the test part, which is read here and nowhere before."""

import time
from collections.abc import Iterator, Mapping

import dagster as dg

from assets.deciding_code import MODELS
from assets.materialising import Inputs, Made, Shown, Step, recsys_asset
from assets.materialising.store import Store
from assets.presenting import advice, page
from assets.tracking import run_log, tell_data, test_part, tracked_child
from recsys_core.dataset.interactions import Split
from recsys_core.describing import change_since, describe_evaluation, headline, lead_over
from recsys_core.errors import RecsysError
from recsys_core.evaluation import ALL, Evaluation, EvaluationParameters
from recsys_core.experiment import judge, trade_offs
from recsys_core.hybrid import HybridModel
from recsys_core.plotting import metric_by_slice, metrics_table, models_by_metric, precision_coverage, slices_table
from recsys_core.sources.source import Source, parameters_of
from recsys_core.sources.table import SOURCES

__all__ = ["evaluation"]

_ALONE = [kind for kind in SOURCES if kind.baseline and not kind.needed]  # the hybrid may go without them

_BEATS_POPULARITY = ("beats_popularity", "the hybrid ranks test users' titles better than popularity does")
_NOT_FALLEN = ("not_fallen", "the hybrid's NDCG has not fallen since the last evaluation: by more than chance, or 5 %")


def _show(step: Step) -> Shown:
    ended_at = time.time()
    result: Evaluation = step.value
    hybrid: HybridModel = step.values["hybrid_model"]
    plots = {
        "models_by_metric": models_by_metric(result),
        "metric_by_slice": metric_by_slice(result),
        "precision_coverage": precision_coverage(trade_offs(hybrid, step.values["split"], result.parameters)),
    }
    _log(step, result, plots, ended_at)
    return Shown(page(describe_evaluation(result, plots)), (_popularity_check(result), _former_check(step, result)))


def _popularity_check(result: Evaluation) -> dg.AssetCheckResult:
    passed, words = lead_over(result) or (True, "there are no figures to compare")
    return advice(_BEATS_POPULARITY[0], passed, words)


def _former_check(step: Step, result: Evaluation) -> dg.AssetCheckResult:
    try:
        former = Store(step.workspace.store_directory).load("evaluation", Evaluation, always=False)
    except RecsysError:
        return advice(_NOT_FALLEN[0], True, "there is no former evaluation that can be read")
    return advice(_NOT_FALLEN[0], *change_since(result, former))


def _log(step: Step, result: Evaluation, plots: Mapping[str, bytes], ended_at: float) -> None:
    """What runs are compared by in the parent: parameters, headline, plots, a table; all figures in a child run."""
    hybrid: HybridModel = step.values["hybrid_model"]
    log = run_log(step.inputs)
    log.params(
        {
            **{name: parameters_of(source) for name, source in hybrid.sources.items()},
            "weights": hybrid.weights.as_dict(),
            "evaluation": step.inputs.of(EvaluationParameters).as_dict(),
        }
    )
    log.metrics(headline(result))
    tell_data(step.inputs, log, test_part(step.inputs))
    for name, png in plots.items():
        log.figure(f"plots/{name}", png)
    for name, table in {"models": metrics_table(result), "slices_ndcg_at_10": slices_table(result)}.items():
        log.table(name, {column: [row[i] for row in table.rows] for i, column in enumerate(table.columns)})
    with tracked_child(step, log, "evaluation", ended_at=ended_at) as child:
        child.metrics(dict(_by_model_and_slice(result)))
        child.json("evaluation", result.summary())


def _by_model_and_slice(result: Evaluation) -> Iterator[tuple[str, float]]:
    """ "MODEL/METRIC" at the shortest list length, and the reference model's NDCG in each slice as "slice/NAME".

    Few, for MLflow offers the metrics of all runs in one list; the rest is in the child's document.
    """
    k, reference = result.parameters.ks[0], result.parameters.reference
    for model, found in result.metrics().items():
        for name, metric in (found or {}).items():
            if name.endswith(f"@{k}"):
                yield f"{model}/{name}", metric.mean
    for slice_name in result.slices:
        own = result.metrics(slice_name).get(reference) or {}
        if slice_name != ALL and f"ndcg@{k}" in own:
            yield f"slice/{slice_name}", own[f"ndcg@{k}"].mean


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
    quality=(_BEATS_POPULARITY, _NOT_FALLEN),
    upstream={"split": Split, **{f"{kind.name}_model": kind.model for kind in _ALONE}, "hybrid_model": HybridModel},
)
def evaluation(inputs: Inputs, split: Split, hybrid_model: HybridModel, **models: Source) -> Made[Evaluation]:
    """Popularity, item-kNN, the sources alone and the hybrid on held-out people, by slice, with 95 % intervals."""
    alone = {kind.name: models[f"{kind.name}_model"] for kind in _ALONE}
    return Made(
        judge(
            hybrid_model,
            {**hybrid_model.sources, **alone},
            split.test,
            split.train,
            protocol=split.summary["protocol"],
            parameters=inputs.of(EvaluationParameters),
        )
    )
