"""The release: the tuned recipe on all ratings, and its registration in MLflow."""

from pathlib import Path

import numpy as np

from assets.deciding_code import ITEM_KNOWLEDGE, RELEASED
from assets.materialising import Files, Inputs, Made, Shown, Step, recsys_asset
from assets.presenting import ALL_FINITE, finite, page
from assets.tracking import run_log, test_part
from recsys_core.bundle import ModelBundle, Titles
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.dataset.table_folders import CleanTable
from recsys_core.describing import Description, describe_bundle, headline, release_in_words
from recsys_core.evaluation import Evaluation
from recsys_core.experiment import ItemTables, as_bundle, fit_release
from recsys_core.features import FeatureParameters
from recsys_core.onboarding import OnboardingParameters
from recsys_core.sources.als import ALSModel
from recsys_core.splitting import SplitParameters
from recsys_core.tuning import TuningResult
from registry.documents import Registration
from registry.interface import MODEL_NAME, input_example
from registry.models import ModelRegistry
from registry.observing import Observed, version_fault
from registry.tracking import Tracking

__all__ = ["registered_model", "release_model"]

_DOCUMENT_COLUMNS = {"field": ("text", "of the version"), "value": ("text", "in MLflow")}


@recsys_asset(
    group="release",
    kinds={"implicit", "scipy"},
    show=lambda step: Shown(page(describe_bundle(step.value)), (finite(step.value.model),)),
    modules=(*RELEASED, *ITEM_KNOWLEDGE, "recsys_core.experiment.recipe", "recsys_core.splitting"),
    parameters=("features", "onboarding", "split"),
    steps=("als", "ease"),
    quality=(ALL_FINITE,),
)
def release_model(
    inputs: Inputs,
    user_item_matrix: UserItemMatrix,
    movies: CleanTable,
    links: CleanTable,
    tags: CleanTable,
    genome_scores: CleanTable,
    genome_tags: CleanTable,
    als_model: ALSModel,
    hybrid_weights: TuningResult,
) -> Made[ModelBundle]:
    """The tuned recipe on all accepted ratings, with known histories, titles and what to ask newcomers: served."""
    tables = ItemTables(movies.rows_path, tags.rows_path, genome_scores.rows_path, genome_tags.rows_path)
    features = tables.known_to_all(user_item_matrix, inputs.of(FeatureParameters))
    feedback, start, solvers = inputs.dataset.feedback, {"als": als_model}, inputs.places.engine.solvers
    model = fit_release(user_item_matrix, features, hybrid_weights, feedback=feedback, start=start, solvers=solvers)
    data = inputs.dataset
    return Made(
        as_bundle(
            model,
            user_item_matrix,
            Titles.of_tables(movies, links, data),
            onboarding=inputs.of(OnboardingParameters),
            split=inputs.of(SplitParameters),
            dataset=data.name,
            data_fingerprint=inputs.data_fingerprint,
        )
    )


def _still_registered(folder: Path, tracking: Tracking, observed: Observed) -> str | None:
    """Why the registered version is not, or not whole, in the tracking store; None when it is."""
    registration = Registration.load(folder)
    return version_fault(tracking, str(registration.content["version"]), str(registration.content.get("model_id", "")))


def _show_registration(step: Step) -> Shown:
    evaluation: Evaluation = step.values["evaluation"]
    ModelRegistry(step.inputs.places.tracking).describe(
        step.value.content["version"],
        run_log(step.inputs),
        release_in_words(step.values["release_model"], evaluation),
        metrics=headline(evaluation),
        measured_on=test_part(step.inputs),
    )
    shown = {**step.value.content, "model_uri": f"models:/{MODEL_NAME}/{step.value.content['version']}"}
    return Shown(page(Description(1, _DOCUMENT_COLUMNS, shown.items(), shown)))


@recsys_asset(
    group="release",
    kinds={"mlflow"},
    show=_show_registration,
    modules=(*RELEASED, "recsys_core.evaluation", "registry"),
    observes=("tracking_store",),
    still_there=_still_registered,
)
def registered_model(
    inputs: Inputs, release_model: ModelBundle, hybrid_model: Files, evaluation: Evaluation
) -> Made[Registration]:
    """The release as a version of `hybrid-recommender` in MLflow, with its evaluation twin beside it."""
    registry, parent_run_id = ModelRegistry(inputs.places.tracking), run_log(inputs).run_id
    registry.log_evaluation_model(parent_run_id, hybrid_model.directory)
    someone = release_model.known.users.name(int(release_model.known.user_ids[0]))
    liked = release_model.known.ratings[0]
    best = release_model.known.item_ids[liked.indices[np.argsort(-liked.data, kind="stable")[:3]]]
    version = registry.register_bundle(
        inputs.places.values["release_model"],
        parent_run_id,
        data_fingerprint=inputs.data_fingerprint,
        dagster_run_id=inputs.run_id,
        metrics={
            model: {name: metric.mean for name, metric in found.items()}
            for model, found in evaluation.metrics().items()
            if found
        },
        example=input_example(someone, release_model.titles.ids.names_of(best)),
    )
    return Made(
        Registration(
            {
                "version": version.version,
                "model_id": version.model_id or "",
                "mlflow_run_id": version.run_id,
                "dagster_run_id": inputs.run_id,
                "created_at": version.created_at.isoformat(),
            }
        )
    )
