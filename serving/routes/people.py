"""People: what is known of somebody, and what to ask somebody new."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from serving import answers, schemas
from serving.routes.shared import (
    ServerParam,
    UserIdParam,
    json_answer,
    json_of,
    known_movies,
    person,
    said_ratings,
    tell,
)

__all__ = ["router"]

router = APIRouter(tags=["people"])


@router.get("/users/{user_id}", response_model=schemas.UserResponse)
async def user(
    user_id: UserIdParam,
    server: ServerParam,
    k: Annotated[int, Query(ge=1, le=schemas.MAX_IDS, description="Number of ratings.")] = 20,
) -> Response:
    """A person's ratings, best first, of equal ones those sent as feedback; a stranger has none, which is no error."""
    served = server.champion()
    someone = person(served, user_id, "path", "user_id")
    given = server.given.of(someone)

    def answer() -> bytes:
        ratings = {**served.bundle.ratings_of(someone), **given.ratings}
        known = {
            movie_id: rating
            for movie_id, rating in ratings.items()
            if served.place_of(movie_id) >= 0 and not served.feedback.takes_back(rating)
        }
        best = sorted(known, key=lambda one: (-known[one], one not in given.ratings, served.place_of(one)))[:k]
        items = [answers.rated(served, movie_id, known[movie_id]) for movie_id in best]
        return json_of(schemas.UserResponse(user_id=someone, known=bool(known), n_ratings=len(known), items=items))

    return json_answer(await server.work_out(answer))


@router.post("/onboarding", response_model=schemas.OnboardingResponse)
async def onboarding(request: Request, said: schemas.OnboardingRequest, server: ServerParam) -> Response:
    """The few titles that a newcomer should be asked about next, by what an answer is expected to bring."""
    served = server.champion()
    ratings = said_ratings(served, said)
    unseen = known_movies(served, "unseen", said.unseen)

    def answer() -> bytes:
        ids = served.bundle.ask_next(ratings, [*unseen, *said.disliked], said.n)
        return json_of(schemas.OnboardingResponse(model_version=served.version, items=answers.movies(served, ids)))

    tell(request, version=served.version)
    return json_answer(await server.work_out(answer))
