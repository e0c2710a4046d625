"""Recommendations: for a known person, and for whoever says what they like."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Body, Query, Request
from starlette.responses import Response

from recsys_core.bundle import Answer
from recsys_core.dataset.ids import Id
from serving import answers, schemas
from serving.cache import cache_key
from serving.events import StoredEvent
from serving.experiments import assign
from serving.models import Served
from serving.routes.shared import (
    ServerParam,
    UserIdParam,
    cached,
    check_genres,
    json_answer,
    json_of,
    person,
    said_ratings,
)
from serving.server import Server

__all__ = ["router"]

router = APIRouter(tags=["recommendations"])


@router.get("/recommendations/{user_id}", response_model=schemas.RecommendationsResponse)
async def for_user(
    request: Request,
    user_id: UserIdParam,
    wanted: Annotated[schemas.ListOptions, Query()],
    server: ServerParam,
) -> Response:
    """The best movies for a person: from known ratings and those sent as feedback, or what suits newcomers."""
    someone = person(server.champion(), user_id, "path", "user_id")
    served, arm = _model_for(server, someone, wanted)
    check_genres(served, wanted.genres, "query")
    given = server.given.of(someone)

    def answer() -> tuple[Answer, bytes]:
        found = served.bundle.recommend_for_user(someone, answers.list_options(wanted), newer=given.ratings)
        return found, json_of(answers.recommendations(served, found, wanted.model, arm))

    key = cache_key(
        served.identity,
        "user",
        user_id=someone,
        revision=given.revision,
        arm=f"{arm.experiment}/{arm.arm}" if arm else "",
        wanted=wanted.model_dump_json(),
    )
    body = await cached(request, server, key, served, wanted.model, answer)
    if arm is not None:
        _expose(request, server, someone, served, arm)
    return json_answer(body)


@router.post("/recommendations", response_model=schemas.RecommendationsResponse)
async def for_tastes(
    request: Request,
    wanted: Annotated[schemas.RecommendationsRequest, Body(default_factory=schemas.RecommendationsRequest)],
    server: ServerParam,
) -> Response:
    """The best movies for somebody who likes and dislikes titles; an empty or no body gives what suits newcomers."""
    served = server.champion()
    check_genres(served, wanted.genres, "body")
    ratings = said_ratings(served, wanted)

    def answer() -> tuple[Answer, bytes]:
        options = answers.list_options(wanted)
        options = replace(options, exclude=(*options.exclude, *wanted.disliked))
        found = served.bundle.recommend_for_ratings(ratings, options)
        return found, json_of(answers.recommendations(served, found, wanted.model))

    key = cache_key(served.identity, "tastes", ratings=sorted(ratings.items(), key=str), wanted=_options_json(wanted))
    return json_answer(await cached(request, server, key, served, wanted.model, answer))


def _model_for(server: Server, user_id: Id, wanted: schemas.ListOptions) -> tuple[Served, schemas.AssignedArm | None]:
    """The champion, or the model of the experiment's arm that the person is in.

    An arm whose model cannot be loaded gives the champion and no exposure: who was not treated must not count.
    """
    champion = server.champion()
    experiment = server.experiments.active(datetime.now(UTC))
    if experiment is None or wanted.model != "hybrid" or wanted.alpha is not None:
        return champion, None
    arm = assign(experiment, user_id)
    served = server.shelf.get(arm.model)
    if served is None:
        return champion, None
    return served, schemas.AssignedArm(experiment=experiment.name, arm=arm.name)


def _expose(request: Request, server: Server, user_id: Id, served: Served, arm: schemas.AssignedArm) -> None:
    """Store that the person was answered by the arm: once an hour, for the first time is what counts."""
    if not server.is_new_exposure((arm.experiment, arm.arm, served.version, user_id)):
        return
    server.exposures.record(
        StoredEvent(
            time=datetime.now(UTC),
            kind="exposure",
            user_id=user_id,
            experiment=arm.experiment,
            arm=arm.arm,
            model_version=served.version,
            request_id=request.scope["state"]["request_id"],
        )
    )


def _options_json(wanted: schemas.RecommendationsRequest) -> str:
    return wanted.model_dump_json(exclude={"liked", "disliked", "ratings"})
