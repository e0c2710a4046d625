"""The evaluation: every model and baseline on the test part, which is read here and nowhere before."""

from typing import Any

import dagster as dg

from assets.declaring import Made, recsys_asset
from assets.presenting import image, text_table
from assets.tracking import tracked, tracked_child
from assets.workspace import Workspace
from recsys_core.dataset.interactions import Split
from recsys_core.ease import EASEModel
from recsys_core.evaluation import Evaluation, evaluate
from recsys_core.evaluation.plots import metric_by_slice, models_by_metric
from recsys_core.evaluation.tables import metrics_table, paired_table, slices_table
from recsys_core.evaluation.tuning_plots import precision_coverage
from recsys_core.experiment import line_up, trade_offs
from recsys_core.hybrid import HybridModel

__all__ = ["EVALUATION_ASSETS"]


@recsys_asset(group="evaluation", kinds={"scipy", "matplotlib"}, parameters=("evaluation",))
def evaluation(
    context: dg.AssetExecutionContext,
    split: Split,
    ease_model: EASEModel,
    hybrid_model: HybridModel,
    workspace: Workspace,
) -> Made[Evaluation]:
    """Popularity, item-kNN, EASE, ALS, content and hybrid on held-out people, by slice, with 95 % intervals."""
    models = line_up(hybrid_model, split.train, ease=ease_model, rating_scale=workspace.dataset.rating_scale)
    parameters = workspace.config.evaluation
    result = evaluate(
        models.warm,
        split.test,
        split.train,
        features=hybrid_model.content.features,
        cold_scorers=models.cold,
        protocol=split.summary["protocol"],
        parameters=parameters,
    )
    plots = {
        "models_by_metric": models_by_metric(result),
        "metric_by_slice": metric_by_slice(result),
        "precision_coverage": precision_coverage(trade_offs(hybrid_model, split)),
    }
    _log(context, workspace, result, plots)
    tables = {
        "models": metrics_table(result),
        "slices_ndcg_at_10": slices_table(result),
        "hybrid_minus_others": paired_table(result),
    }
    return Made(
        result,
        {
            "dagster/row_count": result.n_users,
            "dagster/column_schema": dg.TableSchema(
                columns=[dg.TableColumn(name, "float") for name in result.slice_of("all").metric_names]
            ),
            "preview": text_table(tables["models"].columns, tables["models"].rows),
            **{name: text_table(table.columns, table.rows) for name, table in tables.items()},
            **{name: image(png, name.replace("_", " ")) for name, png in plots.items()},
        },
    )


def _log(context: dg.AssetExecutionContext, workspace: Workspace, result: Evaluation, plots: dict[str, bytes]) -> None:
    """Metrics of all models in a child run; the hybrid's, and the plots, in the parent, where runs are compared."""
    by_model: dict[str, Any] = {model: found for model, found in result.metrics().items() if found}
    _, parent = tracked(context, workspace)
    parent.metrics({name: metric.mean for name, metric in by_model["hybrid"].items()})
    for name, png in plots.items():
        parent.figure(f"plots/{name}", png)
    with tracked_child(context, workspace, "evaluation") as log:
        for model, found in by_model.items():
            log.metrics({name: metric.mean for name, metric in found.items()}, prefix=f"{model}.")
        log.json("evaluation", result.summary())
        table = metrics_table(result)
        log.table("models", {name: [row[i] for row in table.rows] for i, name in enumerate(table.columns)})


EVALUATION_ASSETS = [evaluation]
