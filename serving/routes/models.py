"""Models: which are served, which there are, how good they were; and the operator's reload."""

import hmac
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Path
from starlette.responses import Response

from recsys_core.dataset.feedback import Feedback
from recsys_core.errors import RegistryError
from registry.versions import ModelVersion
from serving import schemas
from serving.errors import TooSlowError
from serving.routes.shared import ServerParam, json_answer, json_of
from serving.server import Records

__all__ = ["router"]

router = APIRouter(tags=["models"])
VersionParam = Annotated[str, Path(pattern=r"^[0-9]{1,9}$", description="Number of a version.", examples=["1"])]
PlotName = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9_-]{1,80}$", description="Name of a plot, as the version lists it.")
]


@router.get("/models", response_model=schemas.ModelsResponse)
async def models(server: ServerParam) -> Response:
    """What is served now, and every registered version, the newest first."""
    served = [
        schemas.ServedModel(
            reference=reference,
            version=model.version,
            loaded_at=model.loaded_at,
            n_users=model.bundle.known.n_users,
            n_items=model.bundle.model.n_items,
            n_titles=len(model.bundle.titles.item_ids),
            seconds_to_load=round(model.seconds_to_load, 3),
            dataset=model.dataset,
            rating_scale=_scale(model.feedback),
            user_ids=model.bundle.id_kinds["user_id"],
            item_ids=model.bundle.id_kinds["item_id"],
            genres=list(model.bundle.titles.genres),
            years=model.bundle.titles.years,
        )
        for reference, model in server.shelf.all().items()
    ]
    try:
        versions = await server.look_up(server.records.versions)
    except (RegistryError, TooSlowError):  # what is served is known without it
        versions = []
    return json_answer(json_of(schemas.ModelsResponse(served=served, versions=[_summary(entry) for entry in versions])))


@router.get("/models/{version}/evaluation", response_model=schemas.EvaluationResponse)
async def evaluation(version: VersionParam, server: ServerParam) -> Response:
    """How good a version was on held-out people, beside the baselines of the same run."""
    found = await server.look_up(lambda: _known(server.records, version))
    plots = await server.look_up(lambda: server.records.plots(found))
    return json_answer(json_of(schemas.EvaluationResponse(version=version, metrics=_means(found), plots=plots)))


@router.get("/models/{version}/plots/{name}", responses={200: {"content": {"image/png": {}}}}, response_model=None)
async def plot(version: VersionParam, name: PlotName, server: ServerParam) -> Response:
    """One of the version's plots, as PNG."""
    found = await server.look_up(lambda: _known(server.records, version))
    png = await server.look_up(lambda: server.records.plot(found, name))
    if png is None:
        raise HTTPException(404, f"version {version} has no such plot; /models/{version}/evaluation lists them")
    return Response(png, media_type="image/png", headers={"Cache-Control": "max-age=3600"})


@router.post(
    "/admin/reload",
    response_model=schemas.ReloadResponse,
    responses={
        401: {"model": schemas.Problem, "description": "Without the token"},
        403: {"model": schemas.Problem, "description": "Admin calls are off"},
        503: {"model": schemas.Problem, "description": "A model could not be renewed, and why; the old one answers"},
    },
)
async def reload(
    server: ServerParam, authorization: Annotated[str, Header(description="Bearer and the token")] = ""
) -> Response:
    """Look the aliases up at once. The server must have RECSYS_ADMIN_TOKEN, and the call send it as a bearer token."""
    token = server.settings.admin_token
    if not token:
        raise HTTPException(403, "admin calls are off; start the server with RECSYS_ADMIN_TOKEN set")
    if not hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
        raise HTTPException(401, "admin calls need the token", {"WWW-Authenticate": "Bearer"})
    changed = await server.follow_now()
    return json_answer(json_of(schemas.ReloadResponse(model_version=server.champion().version, changed=changed)))


def _known(records: Records, version: str) -> ModelVersion:
    found = next((entry for entry in records.versions() if entry.version == version), None)
    if found is None:
        raise HTTPException(404, f"no version {version}; /models lists them")
    return found


def _summary(entry: ModelVersion) -> schemas.VersionSummary:
    return schemas.VersionSummary(
        version=entry.version, aliases=list(entry.aliases), created_at=entry.created_at, metrics=_means(entry)
    )


def _means(entry: ModelVersion) -> dict[str, dict[str, float]]:
    """Model → metric → mean: only what has this shape."""
    found: dict[str, dict[str, float]] = {}
    for model, metrics in entry.metrics.items():
        if isinstance(metrics, dict):
            found[model] = {name: float(value) for name, value in metrics.items() if isinstance(value, (int, float))}
    return found


def _scale(feedback: Feedback) -> schemas.RatingScale:
    return schemas.RatingScale(
        kind=feedback.kind, lowest=feedback.minimum, highest=feedback.maximum, step=feedback.step
    )
