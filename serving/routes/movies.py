"""Movies: search by title, one movie, and movies like it."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.responses import Response

from recsys_core.bundle import Answer
from recsys_core.dataset.ids import Id
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
    return json_answer(json_of(answers.movie(served, _there(served, movie_id))))


@router.get("/movies/{movie_id}/similar", response_model=schemas.SimilarResponse)
async def similar(request: Request, movie_id: MovieIdParam, server: ServerParam, k: KParam = 10) -> Response:
    """Movies like it: by who watched them and by what they are."""
    served = server.champion()
    there = _there(served, movie_id)

    def answer() -> tuple[Answer, bytes]:
        found = served.bundle.similar_items(there, k)
        return found, json_of(answers.similar(served, there, found))

    key = cache_key(served.identity, "similar", movie_id=there, k=k)
    return json_answer(await cached(request, server, key, served, "similar", answer))


def _there(served: Served, written: Id) -> Id:
    movie_id = served.movie_id(written)
    if movie_id is None:
        n_titles = len(served.bundle.titles.item_ids)
        raise HTTPException(404, f"no title {written} in the catalogue of {n_titles:,} titles; see /movies?query=")
    return movie_id
