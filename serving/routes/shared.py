"""What every route needs: the server, and answers that are written once."""

from collections.abc import Callable, Iterable
from typing import Annotated

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from recsys_core.bundle import Answer
from recsys_core.dataset.ids import Id
from serving import schemas
from serving.errors import field_error
from serving.middleware import as_sent
from serving.models import Served
from serving.server import Server

__all__ = [
    "KParam",
    "MovieIdParam",
    "ServerParam",
    "UserIdParam",
    "cached",
    "check_genres",
    "json_answer",
    "json_of",
    "known_movies",
    "person",
    "said_ratings",
    "tell",
]


_SHOWN = 80  # characters of an id that is none


def _server(request: Request) -> Server:
    server: Server = request.app.state.server
    return server


ServerParam = Annotated[Server, Depends(_server)]
_AnId = Annotated[str, Path(min_length=1, max_length=schemas.MAX_ID, pattern=r"^[^\x00]+$")]


def _movie_id(movie_id: Annotated[_AnId, Path(description="An item's id in the data.", examples=["260"])]) -> str:
    return as_sent(movie_id)


def _user_id(user_id: Annotated[_AnId, Path(description="Anybody's id, in the data or not.", examples=["1"])]) -> str:
    return as_sent(user_id)


MovieIdParam = Annotated[str, Depends(_movie_id)]
UserIdParam = Annotated[str, Depends(_user_id)]
KParam = Annotated[int, Query(ge=1, le=schemas.MAX_K, description="Number of movies.")]


def json_of(document: BaseModel) -> bytes:
    """As the schema says it, fields without a value as null."""
    return document.model_dump_json().encode()


def json_answer(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def tell(request: Request, **about: object) -> None:
    """Put something into the request's log line."""
    request.scope["state"].setdefault("told", {}).update(about)


def person(served: Served, written: Id, *where: str) -> Id:
    """Somebody's id as the data have ids; 422 for what can be none."""
    user_id = served.person(written)
    if user_id is None:
        raise field_error(f"ids of people are whole numbers of 64 bits, {str(written)[:_SHOWN]!r} is none", *where)
    return user_id


def known_movies(served: Served, field: str, movie_ids: Iterable[Id], *more: str) -> list[Id]:
    """The ids as the data have them; 422 that names the first outside the catalogue: ``field``[position], ``more``."""
    known: list[Id] = []
    for position, written in enumerate(movie_ids):
        movie_id = served.movie_id(written)
        if movie_id is None:
            n_titles = len(served.bundle.titles.item_ids)
            text = f"no title {str(written)[:_SHOWN]} in the catalogue of {n_titles:,} titles"
            raise field_error(text, "body", field, position, *more)
        known.append(movie_id)
    return known


def said_ratings(served: Served, said: schemas.RecommendationsRequest | schemas.OnboardingRequest) -> dict[Id, float]:
    """What somebody says of movies, by id; what is liked or disliked counts more than a rating of the same movie."""
    liked, disliked = known_movies(served, "liked", said.liked), known_movies(served, "disliked", said.disliked)
    rated = known_movies(served, "ratings", (rating.movie_id for rating in said.ratings), "movie_id")
    scale = served.feedback
    for position, rating in enumerate(said.ratings):
        if not scale.within(rating.rating):
            raise field_error(f"expected {scale.ends_in_words}", "body", "ratings", position, "rating")
    return {
        **{movie_id: rating.rating for movie_id, rating in zip(rated, said.ratings, strict=True)},
        **dict.fromkeys(disliked, scale.minimum),
        **dict.fromkeys(liked, scale.maximum),
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
                f"no title is of this genre; expected one of {', '.join(known)}", where, "genres", position
            )
