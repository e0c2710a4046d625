"""Movies: search by title, one movie, and movies like it."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.responses import Response

from recsys_core.bundle import Answer
from serving import answers, schemas
from serving.cache import cache_key
from serving.models import Served
from serving.routes.shared import KParam, MovieIdParam, ServerParam, cached, json_answer, json_of, tell

__all__ = ["router"]

router = APIRouter(tags=["movies"])
QueryText = Annotated[
    str, Query(min_length=1, max_length=schemas.MAX_QUERY, description="Part of a title, roughly.", examples=["matrx"])
]


@router.get("/movies", response_model=schemas.SearchResponse)
async def search(request: Request, query: QueryText, server: ServerParam, k: KParam = 10) -> Response:
    """Movies by title, the best match first; typos, accents, articles and unfinished words do not matter."""
    served = server.champion()

    def answer() -> bytes:
        found = [title.movie_id for title in served.search.find(query, k)]
        return json_of(schemas.SearchResponse(query=query, items=answers.movies(served, found)))

    tell(request, version=served.version)
    return json_answer(await server.work_out(answer))


@router.get("/movies/{movie_id}", response_model=schemas.Movie)
async def one(movie_id: MovieIdParam, server: ServerParam) -> Response:
    """One movie of the catalogue."""
    served = server.champion()
    _check_there(served, movie_id)
    return json_answer(json_of(answers.movie(served, movie_id)))


@router.get("/movies/{movie_id}/similar", response_model=schemas.SimilarResponse)
async def similar(request: Request, movie_id: MovieIdParam, server: ServerParam, k: KParam = 10) -> Response:
    """Movies like it: by who watched them and by what they are."""
    served = server.champion()
    _check_there(served, movie_id)

    def answer() -> tuple[Answer, bytes]:
        found = served.bundle.similar_items(movie_id, k)
        return found, json_of(answers.similar(served, movie_id, found))

    key = cache_key(served.identity, "similar", movie_id=movie_id, k=k)
    return json_answer(await cached(request, server, key, served, "similar", answer))


def _check_there(served: Served, movie_id: int) -> None:
    if served.place_of(movie_id) < 0:
        n_titles = len(served.bundle.titles.item_ids)
        raise HTTPException(404, f"no movie {movie_id} in the catalogue of {n_titles:,} titles; see /movies?query=")
