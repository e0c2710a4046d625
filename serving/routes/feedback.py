"""What people did with what they were shown."""

from collections import Counter
from datetime import UTC, datetime

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from serving import schemas
from serving.errors import field_error
from serving.events import EventStoreError, StoredEvent
from serving.models import Served
from serving.routes.shared import ServerParam, json_answer, json_of, tell

__all__ = ["router"]

router = APIRouter(tags=["feedback"])


@router.post("/feedback", response_model=schemas.FeedbackResponse)
async def feedback(request: Request, sent: schemas.FeedbackRequest, server: ServerParam) -> Response:
    """Impressions, clicks and ratings of one person: all are stored, or none. A rating changes the next answer."""
    served = server.champion()
    _check(served, sent)
    moment = datetime.now(UTC)
    stored = [
        StoredEvent(
            time=moment,
            kind=event.kind,
            user_id=sent.user_id,
            movie_id=event.movie_id,
            rating=event.rating if isinstance(event, schemas.RatingEvent) else None,
            rank=event.rank,
            experiment=event.experiment,
            arm=event.arm,
            model_version=event.model_version,
            request_id=request.scope["state"]["request_id"],
        )
        for event in sent.events
    ]
    rated = any(event.kind == "rating" for event in stored)

    def keep() -> None:
        server.store.append(stored)
        if rated:
            server.given.catch_up()

    try:
        await server.in_background(keep)
    except EventStoreError as error:
        tell(request, error=str(error))
        raise HTTPException(
            503, "the events cannot be stored now; send them again later", {"Retry-After": "5"}
        ) from None
    for kind, count in Counter(event.kind for event in stored).items():
        server.metrics.events.labels(kind).inc(count)
    return json_answer(json_of(schemas.FeedbackResponse(accepted=len(stored))))


def _check(served: Served, sent: schemas.FeedbackRequest) -> None:
    worst, best = served.rating_range
    step = served.rating_step
    for position, event in enumerate(sent.events):
        if served.place_of(event.movie_id) < 0:
            text = f"no movie {event.movie_id} in the catalogue"
            raise field_error(text, "body", "events", position, "movie_id")
        if isinstance(event, schemas.RatingEvent):
            on_scale = worst <= event.rating <= best and (event.rating - worst) % step == 0
            if not on_scale:
                text = f"expected {worst:g} to {best:g} in steps of {step:g}"
                raise field_error(text, "body", "events", position, "rating")
