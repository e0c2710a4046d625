"""What people did with what they were shown."""

import contextlib
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from recsys_core.dataset.ids import Id
from serving import schemas
from serving.errors import TooSlowError, field_error
from serving.events import EventStoreError, StoredEvent
from serving.models import Served
from serving.routes.shared import ServerParam, json_answer, json_of, person, tell

__all__ = ["router"]

router = APIRouter(tags=["feedback"])


@router.post("/feedback", response_model=schemas.FeedbackResponse)
async def feedback(request: Request, sent: schemas.FeedbackRequest, server: ServerParam) -> Response:
    """Impressions, clicks and ratings of one person: all are stored, or none. A rating changes the next answer."""
    champion = server.champion()  # says why when no model is loaded
    someone = person(champion, sent.user_id, "body", "user_id")
    movie_ids = _checked([*server.shelf.all().values()], sent)
    moment = datetime.now(UTC)
    stored = [
        StoredEvent(
            time=moment,
            kind=event.kind,
            user_id=someone,
            movie_id=movie_id,
            rating=event.rating if isinstance(event, schemas.RatingEvent) else None,
            rank=event.rank,
            experiment=event.experiment,
            arm=event.arm,
            model_version=event.model_version,
            request_id=request.scope["state"]["request_id"],
        )
        for event, movie_id in zip(sent.events, movie_ids, strict=True)
    ]
    rated = any(event.kind == "rating" for event in stored)

    def keep() -> None:
        server.store.append(stored)
        if rated:
            with contextlib.suppress(EventStoreError):  # it is stored, and taken over within a second
                server.given.catch_up()

    try:
        await server.store_away(keep)
    except (EventStoreError, TooSlowError) as error:
        tell(request, error=str(error))
        raise HTTPException(
            503, "the events cannot be stored now; send them again later", {"Retry-After": "5"}
        ) from None
    for kind, count in Counter(event.kind for event in stored).items():
        server.metrics.events.labels(kind).inc(count)
    return json_answer(json_of(schemas.FeedbackResponse(accepted=len(stored))))


def _checked(served: Sequence[Served], sent: schemas.FeedbackRequest) -> list[Id]:
    """Ids of the events' movies, as the data have them.

    They may be known to any of the models: an experiment's arm shows what the champion may not know.
    """
    known: list[Id] = []
    for position, event in enumerate(sent.events):
        found = (model.movie_id(event.movie_id) for model in served)
        movie_id = next((name for name in found if name is not None), None)
        if movie_id is None:
            text = f"no title {event.movie_id} in the catalogue"
            raise field_error(text, "body", "events", position, "movie_id")
        if isinstance(event, schemas.RatingEvent):
            scale = served[0].feedback
            if not scale.holds(event.rating):
                raise field_error(f"expected {scale.in_words}", "body", "events", position, "rating")
        known.append(movie_id)
    return known
