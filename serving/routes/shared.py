"""What every route needs: the server, and answers that are written once."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from serving import schemas
from serving.errors import field_error
from serving.models import Served
from serving.server import Server

__all__ = ["KParam", "MovieIdParam", "ServerParam", "UserIdParam", "check_genres", "check_movies", "json_of", "tell"]


def _server(request: Request) -> Server:
    server: Server = request.app.state.server
    return server


ServerParam = Annotated[Server, Depends(_server)]
MovieIdParam = Annotated[int, Path(ge=1, lt=2**31, description="movieId of the data", examples=[260])]
UserIdParam = Annotated[int, Path(ge=1, lt=2**31, description="userId of the data, or any other number", examples=[1])]
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
    for position, movie_id in enumerate(movie_ids):
        if served.place_of(movie_id) < 0:
            text = f"no movie {movie_id} in the catalogue of {len(served.bundle.titles.item_ids):,} titles"
            raise field_error(text, "body", field, position, *more)


def check_genres(served: Served, genres: Iterable[str], where: str) -> None:
    known = served.bundle.titles.genres
    names = {name.casefold() for name in known}
    for position, genre in enumerate(genres):
        if genre.strip().casefold() not in names:
            raise field_error(
                f"no movie is of this genre; expected one of {', '.join(known)}", where, "genres", position
            )
