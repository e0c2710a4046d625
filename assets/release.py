"""The release: the tuned recipe on all ratings, registered, judged by the gate, and put to use."""

from dataclasses import replace
from typing import Any

import dagster as dg
import numpy as np

from assets.declaring import Made, recsys_asset
from assets.documents import Promotion, Registration
from assets.presenting import preview, rows_metadata, text_table
from assets.tables import CleanTable
from assets.tracking import finish_run, tracked
from assets.workspace import Workspace
from recsys_core.bundle import ListOptions, ModelBundle, Recommendations, Titles, recommend_all
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.ease import EASEModel
from recsys_core.evaluation import Evaluation
from recsys_core.experiment import ItemTables
from recsys_core.hybrid import HybridModel, fit_hybrid
from recsys_core.onboarding import fit_onboarding
from recsys_core.tuning import TuningResult
from registry.interface import input_example
from registry.models import ModelRegistry

__all__ = ["RELEASE_ASSETS"]

_PREVIEW_USERS = 3
_TITLE_COLUMNS = {"movieId": ("id", "title"), "title": ("text", "as in movies")}
_DOCUMENT_COLUMNS = {"field": ("text", "of the version"), "value": ("text", "in MLflow")}


@recsys_asset(group="release", kinds={"implicit", "scipy"}, parameters=("features", "onboarding", "split"))
def release_model(
    user_item_matrix: UserItemMatrix,
    movies: CleanTable,
    links: CleanTable,
    tags: CleanTable,
    genome_scores: CleanTable,
    genome_tags: CleanTable,
    ease_model: EASEModel,
    hybrid_weights: TuningResult,
    workspace: Workspace,
) -> Made[ModelBundle]:
    """The tuned recipe on all accepted ratings, with known histories, titles and what to ask newcomers: served."""
    tables = ItemTables(movies.rows_path, tags.rows_path, genome_scores.rows_path, genome_tags.rows_path)
    features = tables.known_to_all(user_item_matrix, workspace.config.features)
    model = fit_hybrid(
        user_item_matrix,
        features,
        als_parameters=hybrid_weights.als_parameters,
        ease_parameters=ease_model.parameters,
        neighbour_parameters=workspace.config.tuning.neighbours,
        weights=hybrid_weights.weights,
        rating_scale=workspace.dataset.rating_scale,
    )
    titles = Titles.of_movies(movies.read(), links.read())
    bundle = ModelBundle(
        model,
        user_item_matrix,
        titles,
        {
            "data_fingerprint": workspace.data_fingerprint(),
            "split": workspace.section("split"),
            "rating_step": workspace.dataset.rating_scale.step,
        },
        fit_onboarding(user_item_matrix, workspace.config.onboarding, rating_scale=workspace.dataset.rating_scale),
    )
    return Made(
        bundle,
        {
            **rows_metadata(
                len(titles.item_ids), _TITLE_COLUMNS, [(int(i), titles.title(int(i))) for i in titles.item_ids[:5]]
            ),
            "n_ratings": user_item_matrix.n_ratings,
            "n_users": user_item_matrix.n_users,
            "n_items": model.n_items,
            "n_items_without_ratings": len(model.cold_item_ids),
        },
    )


@recsys_asset(group="release", kinds={"mlflow"})
def registered_model(
    context: dg.AssetExecutionContext,
    release_model: ModelBundle,
    hybrid_model: HybridModel,
    evaluation: Evaluation,
    workspace: Workspace,
) -> Made[Registration]:
    """The release as a version of `hybrid-recommender` in MLflow, with its evaluation twin beside it."""
    tracking, parent = tracked(context, workspace)
    registry = ModelRegistry(tracking)
    registry.log_evaluation_model(parent.run_id, _stored(workspace, "hybrid_model"))
    someone = int(release_model.known.user_ids[0])
    liked = release_model.known.ratings[0]
    best = release_model.known.item_ids[liked.indices[np.argsort(-liked.data, kind="stable")[:3]]]
    version = registry.register_bundle(
        _stored(workspace, "release_model"),
        parent.run_id,
        data_fingerprint=workspace.data_fingerprint(),
        dagster_run_id=context.run_id,
        metrics=_means(evaluation),
        example=input_example(someone, [int(item_id) for item_id in best]),
    )
    content = {
        "version": version.version,
        "mlflow_run_id": version.run_id,
        "dagster_run_id": context.run_id,
        "created_at": version.created_at.isoformat(),
    }
    shown = {**content, "model_uri": f"models:/{registry.name}/{version.version}"}
    return Made(Registration(content), {**rows_metadata(1, _DOCUMENT_COLUMNS, shown.items()), **shown})


@recsys_asset(group="release", kinds={"parquet"}, parameters=("recommendations",))
def recommendations(
    context: dg.AssetExecutionContext,
    promotion: Promotion,
    release_model: ModelBundle,
    user_item_matrix: UserItemMatrix,
    workspace: Workspace,
) -> Made[Recommendations]:
    """The champion's best unseen titles for every user, from all ratings as they are now."""
    bundle = release_model
    champion = str(promotion.content["champion"] or promotion.content["version"])
    if champion != str(promotion.content["version"]):
        former = ModelBundle.load(ModelRegistry(workspace.tracking()).bundle_path(champion))
        bundle = replace(former, known=user_item_matrix.with_items(former.model.item_ids))
    k = workspace.config.recommendations.k
    result = recommend_all(bundle, k)
    finish_run(context, workspace)
    return Made(
        result,
        {
            "dagster/row_count": result.table.num_rows,
            "dagster/column_schema": dg.TableSchema(
                columns=[dg.TableColumn(field.name, str(field.type)) for field in result.table.schema]
            ),
            "model_version": champion,
            "k": k,
            "distinct_titles": len(result.table["movie_id"].unique()),
            "preview": preview(result.table.slice(0, 5)),
            **{f"user_{user_id}": _for_a_person(bundle, int(user_id)) for user_id in _some_users(bundle)},
        },
    )


def _stored(workspace: Workspace, asset: str) -> Any:
    return workspace.store.directory(asset, workspace.stored_version(asset))


def _means(evaluation: Evaluation) -> dict[str, Any]:
    return {
        model: {name: metric.mean for name, metric in found.items()}
        for model, found in evaluation.metrics().items()
        if found
    }


def _some_users(bundle: ModelBundle) -> list[int]:
    """People with short, middling and long histories."""
    order = np.argsort(np.diff(bundle.known.ratings.indptr), kind="stable")
    places = np.linspace(0, len(order) - 1, _PREVIEW_USERS).astype(int)
    return [int(user_id) for user_id in bundle.known.user_ids[order[np.unique(places)]]]


def _for_a_person(bundle: ModelBundle, user_id: int) -> dg.TableMetadataValue:
    """Favourites and recommendations side by side, for a person to judge."""
    row = bundle.known.ratings[int(np.searchsorted(bundle.known.user_ids, user_id))]
    favourites = bundle.known.item_ids[row.indices[np.argsort(-row.data, kind="stable")[:10]]]
    answer = bundle.recommend_for_user(user_id, ListOptions(explain=True))
    liked = [bundle.titles.title(int(item_id)) for item_id in favourites]
    return text_table(
        ["rated highest", "recommended", "because of"],
        [
            (
                liked[i] if i < len(liked) else "",
                item.title,
                ", ".join(reason.title for reason in (item.because or ())[:2]),
            )
            for i, item in enumerate(answer.items)
        ],
    )


RELEASE_ASSETS = [release_model, registered_model, recommendations]
