"""Models and what tuning found, in brief. ``items`` are what the titles are called."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_core.dataset.ids import Id, Ids
from recsys_core.describing.description import Description
from recsys_core.describing.quality import headline
from recsys_core.evaluation import Evaluation
from recsys_core.hybrid import HybridModel
from recsys_core.plotting import metrics_table, paired_table, slices_table, tuning_history
from recsys_core.sources.als import ALSModel
from recsys_core.sources.content import ContentModel
from recsys_core.sources.ease import EASEModel
from recsys_core.sources.source import Source, parameters_of
from recsys_core.tuning import Trial, TuningResult, best_trial

__all__ = [
    "describe_als",
    "describe_content",
    "describe_evaluation",
    "describe_hybrid",
    "describe_source",
    "describe_weights",
]

_SHOWN = 5  # titles
_ITEM = {"item_id": ("id", "title")}
_FACTORS = _ITEM | {"factors": ("float32", "item factors; the preview shows the first")}
_TRIAL_COLUMNS = {
    "stage": ("text", "what was tuned"),
    "number": ("int", "0 are the defaults"),
    "ndcg@10": ("float", "on validation users"),
    "params": ("json", "point of the search space"),
}


def describe_als(model: ALSModel, trials: Sequence[Trial], *, items: Ids) -> Description:
    return Description(
        len(model.item_ids),
        _FACTORS,
        _first(items, model.item_ids, model.item_factors),
        {
            "validation_ndcg_at_10": max(trial.value for trial in trials),
            "validation_ndcg_at_10_with_defaults": trials[0].value,
            "n_trials": len(trials),
        },
        {"parameters": (["parameter", "value"], model.parameters.as_dict().items())},
    )


def describe_content(model: ContentModel, *, items: Ids, n_warm: int) -> Description:
    groups, ids = model.features.groups, model.features.item_ids
    n_values = (sum(matrix[i].nnz for matrix in groups.values()) for i in range(min(_SHOWN, len(ids))))
    return Description(
        len(ids),
        _ITEM | {"features": ("sparse float32", "values")},
        zip(items.names_of(ids[:_SHOWN]), n_values, strict=True),
        {"titles_without_a_training_rating": len(ids) - n_warm},
        {"groups": (["group", "features", "values"], [(n, m.shape[1], m.nnz) for n, m in groups.items()])},
    )


def describe_weights(tuned: TuningResult, *, n_rounds: int) -> Description:
    best = [best_trial(tuned.of_stage(stage)) for stage in dict.fromkeys(trial.stage for trial in tuned.trials)]
    shown = [(t.stage, t.number, t.value, json.dumps({k: round(v, 3) for k, v in t.params.items()})) for t in best]
    return Description(
        len(tuned.trials),
        _TRIAL_COLUMNS,
        shown,
        {
            "validation_objective": tuned.best_objective,
            "validation_objective_with_defaults": tuned.default_objective,
            "n_trials": len(tuned.trials),
            "n_rounds": n_rounds,
            "n_validation_users": tuned.n_users,
        },
        {"weights": (["weight", "value"], _weights(tuned))},
        {"tuning_history": tuning_history([trial.as_dict() for trial in tuned.trials])},
    )


def describe_source(source: Source, *, items: Ids) -> Description:
    facts: dict[str, Any] = {"n_items": len(source.item_ids)}
    if isinstance(source, EASEModel):
        facts["n_items_that_take_part"] = len(source.kept_nums)
    return Description(
        len(source.item_ids),
        _ITEM,
        [(name,) for name in items.names_of(source.item_ids[:_SHOWN])],
        facts,
        {"parameters": (["parameter", "value"], parameters_of(source).items())},
    )


def describe_hybrid(model: HybridModel, tuned: TuningResult, *, items: Ids) -> Description:
    return Description(
        model.n_items,
        _FACTORS,
        _first(items, model.item_ids, model.als.item_factors),
        {"n_items_without_ratings": len(model.cold_item_ids)},
        {"weights": (["weight", "value"], _weights(tuned))},
    )


def describe_evaluation(evaluation: Evaluation, plots: dict[str, bytes]) -> Description:
    tables = {
        "models": metrics_table(evaluation),
        "slices_ndcg_at_10": slices_table(evaluation),
        "hybrid_minus_others": paired_table(evaluation),
    }
    return Description(
        evaluation.n_users,
        dict.fromkeys(evaluation.slice_of("all").metric_names, ("float", "of each user")),
        facts=headline(evaluation),
        tables={name: (table.columns, table.rows) for name, table in tables.items()},
        plots=plots,
    )


def _first(items: Ids, item_ids: NDArray[np.int64], rows: NDArray[np.float32]) -> list[tuple[Id, str]]:
    """The first titles with the first numbers of their rows."""
    shown = (", ".join(f"{value:.3f}" for value in row[:6]) + ", …" for row in rows[:_SHOWN])
    return list(zip(items.names_of(item_ids[:_SHOWN]), shown, strict=False))


def _weights(tuned: TuningResult) -> list[tuple[str, Any]]:
    weights = tuned.weights.as_dict()
    inside = {"taste": "taste", "prior": "prior", "group_weights": "content"}
    plain = [(name, value) for name, value in weights.items() if name not in inside]
    return [*((f"{label}: {name}", w) for field, label in inside.items() for name, w in weights[field].items()), *plain]
