"""For those who run the server: is it alive, is it ready, what is it doing."""

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from serving import schemas
from serving.models.shelf import CHAMPION
from serving.routes.shared import ServerParam, json_of

__all__ = ["router"]

router = APIRouter(tags=["operation"])


@router.get("/health", response_model=schemas.HealthResponse)
async def health() -> Response:
    """The process is alive."""
    return Response(json_of(schemas.HealthResponse(status="ok")), media_type="application/json")


@router.get("/ready", response_model=schemas.ReadyResponse, responses={503: {"model": schemas.ReadyResponse}})
async def ready(server: ServerParam) -> Response:
    """A model is loaded; 503 and why not, otherwise."""
    served = server.shelf.get(CHAMPION)
    if served is None or not server.shelf.is_complete:
        told = schemas.ReadyResponse(status="not_ready", reason=server.shelf.reason)
        return Response(json_of(told), 503, {"Retry-After": "5"}, "application/json")
    told = schemas.ReadyResponse(status="ready", model_version=served.version)
    return Response(json_of(told), media_type="application/json")


@router.get("/metrics", response_model=None, responses={200: {"content": {"text/plain": {}}}})
async def metrics(server: ServerParam) -> Response:
    """Counters and timings in Prometheus's format."""
    server.metrics.exposures_lost.set(server.exposures.n_dropped + server.exposures.n_failed)
    return Response(generate_latest(server.metrics.registry), media_type=CONTENT_TYPE_LATEST)
