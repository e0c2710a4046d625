"""What every route needs: the server, and answers that are written once."""

from collections.abc import Callable, Iterable
from typing import Annotated

import numpy as np
from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from recsys_core.bundle import Answer
from recsys_core.dataset.interactions import positions_in
from serving import schemas
from serving.errors import field_error
from serving.models import Served
from serving.server import Server

__all__ = [
    "KParam",
    "MovieIdParam",
    "ServerParam",
    "UserIdParam",
    "cached",
    "check_genres",
    "check_movies",
    "json_answer",
    "json_of",
    "said_ratings",
    "tell",
]


def _server(request: Request) -> Server:
    server: Server = request.app.state.server
    return server


ServerParam = Annotated[Server, Depends(_server)]
_AN_ID = Path(ge=-(2**63), lt=2**63)
MovieIdParam = Annotated[int, _AN_ID, Path(description="movieId of the data", examples=[260])]
UserIdParam = Annotated[int, _AN_ID, Path(description="userId of the data, or any other number", examples=[1])]
KParam = Annotated[int, Query(ge=1, le=schemas.MAX_K, description="Number of movies.")]


def json_of(document: BaseModel) -> bytes:
    """As the schema says it, fields without a value as null."""
    return document.model_dump_json().encode()


def json_answer(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def tell(request: Request, **about: object) -> None:
    """Put something into the request's log line."""
    request.scope["state"].setdefault("told", {}).update(about)


def check_movies(served: Served, field: str, movie_ids: Iterable[int], *more: str) -> None:
    """422 that names the first id outside the catalogue: ``field``[position], then ``more``."""
    ids = np.fromiter(movie_ids, dtype=np.int64)
    unknown = np.flatnonzero(positions_in(served.bundle.titles.item_ids, ids) < 0)
    if len(unknown):
        position = int(unknown[0])
        text = f"no movie {ids[position]} in the catalogue of {len(served.bundle.titles.item_ids):,} titles"
        raise field_error(text, "body", field, position, *more)


def said_ratings(served: Served, said: schemas.RecommendationsRequest | schemas.OnboardingRequest) -> dict[int, float]:
    """What somebody says of movies, by id; what is liked or disliked counts more than a rating of the same movie."""
    check_movies(served, "liked", said.liked)
    check_movies(served, "disliked", said.disliked)
    check_movies(served, "ratings", (rating.movie_id for rating in said.ratings), "movie_id")
    scale = served.rating_scale
    for position, rating in enumerate(said.ratings):
        if not scale.worst <= rating.rating <= scale.best:
            raise field_error(f"expected {scale.worst:g} to {scale.best:g}", "body", "ratings", position, "rating")
    return {
        **{rating.movie_id: rating.rating for rating in said.ratings},
        **dict.fromkeys(said.disliked, scale.worst),
        **dict.fromkeys(said.liked, scale.best),
    }


async def cached(
    request: Request, server: Server, key: str, served: Served, model: str, answer: Callable[[], tuple[Answer, bytes]]
) -> bytes:
    """The stored answer, or a new one that is then stored."""
    keeps = server.settings.cache_seconds > 0
    body = await server.cache.get(key) if keeps else None
    tell(request, version=served.version, cached=body is not None)
    if body is not None:
        server.metrics.answers.labels(model, "any", "cache").inc()
        return body
    found, worked_out = await server.work_out(answer)
    server.metrics.answers.labels(model, found.path, "model").inc()
    if keeps:
        await server.cache.set(key, worked_out, server.settings.cache_seconds)
    return worked_out


def check_genres(served: Served, genres: Iterable[str], where: str) -> None:
    known = served.bundle.titles.genres
    names = {name.casefold() for name in known}
    for position, genre in enumerate(genres):
        if genre.strip().casefold() not in names:
            raise field_error(
                f"no movie is of this genre; expected one of {', '.join(known)}", where, "genres", position
            )
