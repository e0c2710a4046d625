"""Models, fitted on the training part and tuned on validation users."""

import json
import logging
import time
from typing import Any

import dagster as dg
import numpy as np
from numpy.typing import NDArray

from assets.declaring import Made, recsys_asset
from assets.presenting import image, rows_metadata, text_table
from assets.tables import CleanTable
from assets.tracking import tracked, tracked_child
from assets.workspace import Workspace
from recsys_core.als import ALSModel
from recsys_core.content import ContentModel, ContentParameters
from recsys_core.dataset.interactions import Split, UserItemMatrix
from recsys_core.ease import EASEModel, EASEParameters, fit_ease
from recsys_core.evaluation.tuning_plots import tuning_history
from recsys_core.experiment import ItemTables, more_rounds
from recsys_core.features import ItemFeatures
from recsys_core.hybrid import Components, HybridModel
from recsys_core.hybrid.fit import assemble_hybrid, warm_items_first
from recsys_core.popularity import fit_popularity
from recsys_core.tuning import Trial, TuningResult, best_trial, tune, tune_als
from recsys_core.user_knn import fit_user_knn
from registry.run_log import RunLog, TrialRecord

__all__ = ["MODEL_ASSETS"]

_LOG = logging.getLogger("recsys")


@recsys_asset(group="models", kinds={"implicit", "optuna"}, parameters=("tuning",))
def als_model(context: dg.AssetExecutionContext, split: Split, workspace: Workspace) -> Made[ALSModel]:
    """ALS on confidence-weighted feedback of the training part; its parameters tuned on validation users."""
    _, parent = tracked(context, workspace)
    parent.params({"split": workspace.section("split"), "tuning_seed": workspace.config.tuning.seed})
    parent.dataset(
        workspace.dataset.name,
        fingerprint=workspace.data_fingerprint(),
        source=str(workspace.data_path),
        n_rows=split.train.n_ratings,
        context="training",
    )
    model, trials = tune_als(
        split,
        workspace.config.tuning,
        rating_scale=workspace.dataset.rating_scale,
        storage=_journal(workspace),
        key=workspace.stored_version("split"),
        clock=time.monotonic,
        on_trial=_say_trial,
    )
    best = max(trial.value for trial in trials)
    with tracked_child(context, workspace, "als_model") as log:
        log.params(model.parameters.as_dict())
        log.metrics({"validation_ndcg@10": best, "validation_ndcg@10_defaults": trials[0].value})
        _log_trials(log, trials, "als")
    return Made(
        model,
        {
            **rows_metadata(
                len(model.item_ids), _ITEM_COLUMNS | {"factors": _FACTORS}, _first(model.item_ids, model.item_factors)
            ),
            "parameters": text_table(["parameter", "value"], model.parameters.as_dict().items()),
            "validation_ndcg_at_10": best,
            "validation_ndcg_at_10_with_defaults": trials[0].value,
            "n_trials": len(trials),
        },
    )


@recsys_asset(group="models", kinds={"scipy"})
def content_model(split: Split, item_features: ItemFeatures, workspace: Workspace) -> Made[ContentModel]:
    """Profiles of what people liked against the features of titles: the warm ones, then those nobody has rated."""
    features = warm_items_first(item_features, split.train.item_ids)
    model = ContentModel(features, ContentParameters(), workspace.dataset.rating_scale.middle)
    n_cold = len(features.item_ids) - split.train.n_items
    rows = [(name, matrix.shape[1], matrix.nnz) for name, matrix in features.groups.items()]
    return Made(
        model,
        {
            **rows_metadata(
                len(features.item_ids),
                _ITEM_COLUMNS | {"features": ("sparse float32", "values")},
                [(int(i), n) for i, n in zip(features.item_ids[:5], _n_features(features), strict=False)],
            ),
            "titles_without_a_training_rating": n_cold,
            "groups": text_table(["group", "features", "values"], rows),
        },
    )


@recsys_asset(group="models", kinds={"optuna"}, parameters=("tuning", "split", "features"))
def hybrid_weights(
    context: dg.AssetExecutionContext,
    split: Split,
    als_model: ALSModel,
    content_model: ContentModel,
    user_item_matrix: UserItemMatrix,
    movies: CleanTable,
    tags: CleanTable,
    genome_scores: CleanTable,
    genome_tags: CleanTable,
    workspace: Workspace,
) -> Made[TuningResult]:
    """An Optuna study of EASE's regularization, the blend's weights and the newcomers' prior, on validation users.

    Trial 0 of each stage are the defaults. The study is stored and goes on where a killed run left it. Where there are
    few validation users, others outside the test part are held out in turn.
    """
    config = workspace.config
    rounds = more_rounds(
        split,
        user_item_matrix,
        ItemTables(movies.rows_path, tags.rows_path, genome_scores.rows_path, genome_tags.rows_path),
        splitting=config.split,
        features=config.features,
        tuning=config.tuning,
    )
    tuned = tune(
        split,
        content_model.features,
        config.tuning,
        rating_scale=workspace.dataset.rating_scale,
        more_rounds=rounds,
        storage=_journal(workspace),
        key=workspace.stored_version("split"),
        features_key=workspace.stored_version("item_features"),
        als_model=als_model,
        clock=time.monotonic,
        on_trial=_say_trial,
    )
    history = tuning_history([trial.as_dict() for trial in tuned.trials])
    _, parent = tracked(context, workspace)
    parent.params({"weights": tuned.weights.as_dict()})
    parent.figure("plots/tuning_history", history)
    with tracked_child(context, workspace, "hybrid_weights") as log:
        log.params(tuned.weights.as_dict())
        log.metrics(
            {"validation_objective": tuned.best_objective, "validation_objective_defaults": tuned.default_objective}
        )
        for stage in dict.fromkeys(trial.stage for trial in tuned.trials):
            if stage != "als":  # those are als_model's
                _log_trials(log, tuned.of_stage(stage), stage)
    return Made(
        tuned,
        {
            **rows_metadata(len(tuned.trials), _TRIAL_COLUMNS, _best_trials(tuned)),
            "weights": text_table(["weight", "value"], _weights(tuned)),
            "validation_objective": tuned.best_objective,
            "validation_objective_with_defaults": tuned.default_objective,
            "n_trials": len(tuned.trials),
            "n_rounds": 1 + len(rounds),
            "n_validation_users": tuned.n_users,
            "tuning_history": image(history, "value of each trial, by stage"),
        },
    )


@recsys_asset(group="models", kinds={"scipy"})
def ease_model(
    split: Split, content_model: ContentModel, hybrid_weights: TuningResult, workspace: Workspace
) -> Made[EASEModel]:
    """EASE, item to item, from ratings and features of the most rated titles: a source of the hybrid and a baseline."""
    parameters = hybrid_weights.ease_parameters or EASEParameters()
    train = split.train
    features = content_model.features.select(train.item_ids)
    model = fit_ease(
        train.ratings, train.item_ids, parameters, rating_scale=workspace.dataset.rating_scale, features=features
    )
    return Made(
        model,
        {
            **rows_metadata(
                len(model.kept_nums),
                _ITEM_COLUMNS | {"weights": ("float32", f"to each of {len(model.kept_nums)} titles")},
                _first(model.item_ids[model.kept_nums], model.weights),
            ),
            "parameters": text_table(["parameter", "value"], parameters.as_dict().items()),
        },
    )


@recsys_asset(group="models", kinds={"scipy"})
def hybrid_model(
    split: Split,
    als_model: ALSModel,
    ease_model: EASEModel,
    content_model: ContentModel,
    hybrid_weights: TuningResult,
    workspace: Workspace,
) -> Made[HybridModel]:
    """The evaluation twin: ALS, EASE, content, neighbours and popularity in one score, from the training part alone."""
    scale, train = workspace.dataset.rating_scale, split.train
    neighbour_parameters = workspace.config.tuning.neighbours
    components = Components(
        als=als_model,
        ease=ease_model,
        neighbours=fit_user_knn(train, neighbour_parameters, rating_scale=scale) if neighbour_parameters else None,
        popularity=fit_popularity(train.ratings, train.item_ids),
        features=content_model.features,
        rating_scale=scale,
    )
    model = assemble_hybrid(components, hybrid_weights.weights)
    return Made(
        model,
        {
            **rows_metadata(
                model.n_items, _ITEM_COLUMNS | {"factors": _FACTORS}, _first(model.item_ids, model.als.item_factors)
            ),
            "n_items_without_ratings": len(model.cold_item_ids),
            "weights": text_table(["weight", "value"], _weights(hybrid_weights)),
        },
    )


_ITEM_COLUMNS = {"movieId": ("id", "title")}
_FACTORS = ("float32", "item factors; the preview shows the first")
_TRIAL_COLUMNS = {
    "stage": ("text", "what was tuned"),
    "number": ("int", "0 are the defaults"),
    "ndcg@10": ("float", "on validation users"),
    "params": ("json", "point of the search space"),
}


def _first(item_ids: NDArray[np.int64], rows: NDArray[np.float32]) -> list[tuple[int, str]]:
    """The first titles with the first numbers of their rows."""
    shown = (", ".join(f"{value:.3f}" for value in row[:6]) + ", …" for row in rows[:5])
    return list(zip(item_ids[:5].tolist(), shown, strict=False))


def _n_features(features: ItemFeatures) -> list[int]:
    return [
        int(sum(matrix[i].nnz for matrix in features.groups.values())) for i in range(min(5, len(features.item_ids)))
    ]


def _best_trials(tuned: TuningResult) -> list[tuple[str, int, float, str]]:
    """Every stage's best trial."""
    best = (best_trial(tuned.of_stage(stage)) for stage in dict.fromkeys(t.stage for t in tuned.trials))
    return [(t.stage, t.number, t.value, json.dumps({k: round(v, 3) for k, v in t.params.items()})) for t in best]


def _weights(tuned: TuningResult) -> list[tuple[str, Any]]:
    weights = tuned.weights.as_dict()
    groups = weights.pop("group_weights")
    return [*weights.items(), *((f"content: {name}", weight) for name, weight in groups.items())]


def _journal(workspace: Workspace) -> Any:
    return workspace.studies_directory / "tuning.journal"


def _say_trial(trial: Trial, n_trials: int, best: Trial) -> None:
    text = f"tuning {trial.stage}: trial {trial.number + 1} of {n_trials}, best {best.value:.4f}"
    _LOG.info(text, extra={"passing": True})


def _log_trials(log: RunLog, trials: list[Trial], stage: str) -> None:
    log.trials(
        [TrialRecord(trial.number, dict(trial.params), {"validation_ndcg@10": trial.value}) for trial in trials],
        study=stage,
    )


MODEL_ASSETS = [als_model, content_model, hybrid_weights, ease_model, hybrid_model]
