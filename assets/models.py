"""Models, fitted on the training part and tuned on validation users."""

import time
from typing import cast

from assets.deciding_code import ITEM_KNOWLEDGE, MODELS, SOURCE, TUNING
from assets.materialising import Inputs, Made, Shown, Step, recsys_asset
from assets.presenting import ALL_FINITE, advice, finite, items_of, page
from assets.tracking import run_log, tell_data, tracked_search
from recsys_core.dataset.interactions import Split, UserItemMatrix
from recsys_core.dataset.table_folders import CleanTable
from recsys_core.describing import (
    beside_popularity,
    describe_als,
    describe_content,
    describe_hybrid,
    describe_source,
    describe_weights,
)
from recsys_core.experiment import ItemTables, more_rounds
from recsys_core.features import FeatureParameters, ItemFeatures
from recsys_core.hybrid import HybridModel
from recsys_core.hybrid.fit import assemble_hybrid
from recsys_core.sources.als import ALSModel
from recsys_core.sources.content import ContentModel, ContentParameters, fit_content
from recsys_core.sources.solvers import HERE
from recsys_core.sources.source import Source, Training
from recsys_core.sources.table import SOURCES
from recsys_core.splitting import split_parameters
from recsys_core.tuning import Trial, TuningParameters, TuningResult, tune, tune_als
from registry.search_log import trials_table

__all__ = ["als_model", "content_model", "hybrid_model", "hybrid_weights"]


_SPACES = {*(kind.name for kind in SOURCES), "weights", "search_space"}  # sections of the tuning's parameters
_BEATS_POPULARITY = ("beats_popularity", "the tuned model ranks validation users' titles better than popularity does")


def _show_als(step: Step) -> Shown:
    model: ALSModel = step.value
    trials: list[Trial] = step.made.facts
    tuning, split = step.inputs.of(TuningParameters), step.values["split"]
    log = run_log(step.inputs)
    log.params(
        {
            "split": split_parameters(split).as_dict(),
            "tuning": tuning.model_dump(mode="json", exclude=_SPACES),
            "als": model.parameters.as_dict(),
        }
    )
    tell_data(step.inputs, log)
    log.table("trials_als", trials_table(trials))
    own, popularity = beside_popularity(model, split, tuning)
    beats = advice(_BEATS_POPULARITY[0], own > popularity, f"NDCG@{tuning.k} {own:.4f}, popularity {popularity:.4f}")
    described = page(describe_als(model, trials, items=items_of(step)))
    return Shown({**described, "validation_ndcg_at_10_of_popularity": popularity}, (finite(model), beats))


@recsys_asset(
    group="models",
    kinds={"implicit", "optuna"},
    show=_show_als,
    modules=TUNING,
    parameters=("tuning",),
    steps=("als",),
    quality=(ALL_FINITE, _BEATS_POPULARITY),
)
def als_model(inputs: Inputs, split: Split) -> Made[ALSModel]:
    """ALS on confidence-weighted feedback of the training part; its parameters tuned on validation users."""
    with tracked_search(inputs) as on_trial:
        model, trials = tune_als(
            split,
            inputs.of(TuningParameters),
            feedback=inputs.dataset.feedback,
            storage=inputs.study,
            clock=time.monotonic,
            on_trial=on_trial,
            solvers=inputs.places.engine.solvers,
        )
    return Made(model, facts=trials)


def _show_content(step: Step) -> Shown:
    described = describe_content(step.value, items=items_of(step), n_warm=step.values["split"].train.n_items)
    return Shown(page(described), (finite(step.value),))


@recsys_asset(
    group="models",
    kinds={"scipy"},
    show=_show_content,
    modules=(*SOURCE, "recsys_core.sources.content"),
    quality=(ALL_FINITE,),
)
def content_model(inputs: Inputs, split: Split, item_features: ItemFeatures) -> Made[ContentModel]:
    """Profiles of what people liked against the features of titles: the warm ones, then those nobody has rated."""
    return Made(fit_content(item_features, split.train.item_ids, ContentParameters(), feedback=inputs.dataset.feedback))


def _show_weights(step: Step) -> Shown:
    tuned: TuningResult = step.value
    described = describe_weights(tuned, n_rounds=step.made.facts)
    log = run_log(step.inputs)
    log.params(
        {
            **{name: found and found.as_dict() for name, found in tuned.parameters.items()},
            "weights": tuned.weights.as_dict(),
        }
    )
    log.metrics(
        {"validation_objective": tuned.best_objective, "validation_objective_with_defaults": tuned.default_objective}
    )
    log.figure("plots/tuning_history", described.plots["tuning_history"])
    log.table("trials", trials_table(tuned.trials))
    return Shown(page(described))


@recsys_asset(
    group="models",
    kinds={"optuna"},
    show=_show_weights,
    modules=(*TUNING, *MODELS, *ITEM_KNOWLEDGE),
    parameters=("tuning", "features"),
)
def hybrid_weights(
    inputs: Inputs,
    split: Split,
    als_model: ALSModel,
    content_model: ContentModel,
    user_item_matrix: UserItemMatrix,
    movies: CleanTable,
    tags: CleanTable,
    genome_scores: CleanTable,
    genome_tags: CleanTable,
) -> Made[TuningResult]:
    """An Optuna study of the sources' parameters, the blend's weights and the newcomers' prior, on validation users.

    Trial 0 of each stage are the defaults. The study is stored and goes on where a killed run left it. Where there are
    few validation users, others outside the test part are held out in turn.
    """
    rounds = more_rounds(
        split,
        user_item_matrix,
        ItemTables(movies.rows_path, tags.rows_path, genome_scores.rows_path, genome_tags.rows_path),
        splitting=split_parameters(split),
        features=inputs.of(FeatureParameters),
        tuning=inputs.of(TuningParameters),
    )
    with tracked_search(inputs) as on_trial:
        tuned = tune(
            split,
            content_model.features,
            inputs.of(TuningParameters),
            feedback=inputs.dataset.feedback,
            more_rounds=rounds,
            storage=inputs.study,
            als_model=als_model,
            clock=time.monotonic,
            on_trial=on_trial,
        )
    return Made(tuned, facts=1 + len(rounds))


_KINDS = {f"{kind.name}_model": kind for kind in SOURCES}


def source_model(
    inputs: Inputs, split: Split, content_model: ContentModel, hybrid_weights: TuningResult
) -> Made[Source]:
    """A source of the table, fitted on the training part with the parameters found."""
    kind = _KINDS[inputs.asset]
    solvers = inputs.places.engine.solvers if inputs.engine else HERE
    training = Training(split.train, content_model.features, inputs.dataset.feedback, solvers)
    return Made(kind.fit(training, hybrid_weights.parameters.get(kind.name) or kind.defaults))


for _kind in SOURCES:
    if _kind.name not in ("als", "content"):  # they are made before the weights, by the assets above
        recsys_asset(
            name=f"{_kind.name}_model",
            description=f"{_kind.summary}: a source of the hybrid{' and a baseline' if _kind.baseline else ''}.",
            group="models",
            kinds={"scipy"},
            show=lambda step: Shown(page(describe_source(step.value, items=items_of(step))), (finite(step.value),)),
            modules=(*SOURCE, _kind.module),
            steps=("ease",) if _kind.name == "ease" else (),
            quality=(ALL_FINITE,),
        )(source_model, kind=_kind.model)


def _show_hybrid(step: Step) -> Shown:
    described = describe_hybrid(step.value, step.values["hybrid_weights"], items=items_of(step))
    return Shown(page(described), (finite(step.value),))


@recsys_asset(
    group="models",
    kinds={"scipy"},
    show=_show_hybrid,
    modules=MODELS,
    quality=(ALL_FINITE,),
    upstream={"split": Split, **{f"{k.name}_model": k.model for k in SOURCES}, "hybrid_weights": TuningResult},
)
def hybrid_model(inputs: Inputs, split: Split, hybrid_weights: TuningResult, **models: Source) -> Made[HybridModel]:
    """The evaluation twin: all sources in one score, fitted on the training part alone."""
    sources = {kind.name: models[f"{kind.name}_model"] for kind in SOURCES}
    content = cast("ContentModel", sources["content"])
    training = Training(split.train, content.features, inputs.dataset.feedback)
    return Made(assemble_hybrid(sources, training, hybrid_weights.weights, calibration=hybrid_weights.calibration))
