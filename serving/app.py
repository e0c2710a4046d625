"""The application: routes, limits and the server's life, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from registry.models import ModelRegistry
from registry.records import ModelRecords
from registry.tracking import Tracking
from serving.errors import install_handlers
from serving.middleware import BodyLimit, Observed, RequestLimit, SlashesInIds
from serving.models.registry_source import RegistrySource
from serving.routes import feedback, health, models, movies, people, recommendations
from serving.schemas import Problem
from serving.server import Server
from serving.settings import ServingSettings

__all__ = ["application", "create_app"]

_ABOUT = """Recommendations of the registered champion, with reasons; search, similar titles, feedback and experiments.

Every answer tells the model's version and the path it took: `warm` (from a known person's ratings), `folded_in` (from
what was sent), `cold` (nothing is known of the person). Errors are JSON with `detail`; a 422 names the field.
"""
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body is no JSON"},
    404: {"model": Problem, "description": "There is no such movie, version or plot"},
    408: {"model": Problem, "description": "The body did not arrive in time"},
    413: {"model": Problem, "description": "The body is too long"},
    503: {"model": Problem, "description": "No model is loaded yet, or too much is asked at once: try again"},
    504: {"model": Problem, "description": "The answer took too long"},
}


def create_app(settings: ServingSettings) -> FastAPI:
    """An application that serves the registry of ``settings``; nothing is loaded until it starts."""
    registry = ModelRegistry(Tracking(settings.home, tracking_uri=settings.tracking_uri or None))
    return application(Server(settings, RegistrySource(registry), ModelRecords(registry)))


def application(server: Server) -> FastAPI:
    """The same around a server that somebody else has put together."""
    settings = server.settings

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        await server.start()
        try:
            yield
        finally:
            await server.stop()

    app = FastAPI(title="Hybrid movie recommender", version="1", description=_ABOUT, lifespan=life)
    app.state.server = server
    for part in (recommendations, movies, people, feedback, models):
        app.include_router(part.router, responses=_PROBLEMS)
    app.include_router(health.router)
    install_handlers(app)
    app.add_middleware(SlashesInIds)
    app.add_middleware(RequestLimit, most=settings.max_requests, metrics=server.metrics)  # the last one is asked first
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes, metrics=server.metrics)
    app.add_middleware(Observed, metrics=server.metrics)
    return app
