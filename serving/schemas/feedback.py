"""What people did with what they were shown."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from serving.schemas.base import MAX_EVENTS, AnswerDocument, Document, ItemDocument, UserId, Value

__all__ = ["Event", "FeedbackRequest", "FeedbackResponse", "RatingEvent", "SeenEvent"]


class SeenEvent(ItemDocument):
    """A movie was shown ("impression") or opened ("click")."""

    kind: Literal["impression", "click"]
    rank: Annotated[int | None, Field(ge=1, le=10_000)] = None
    model_version: Annotated[str | None, Field(max_length=100)] = None
    experiment: Annotated[str | None, Field(max_length=100)] = None
    arm: Annotated[str | None, Field(max_length=100)] = None


class RatingEvent(SeenEvent):
    """A movie was rated; the next answer for the person knows it."""

    kind: Literal["rating"]  # type: ignore[assignment]  # narrower than its parent on purpose
    rating: Value


Event = Annotated[SeenEvent | RatingEvent, Field(discriminator="kind")]


class FeedbackRequest(Document):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "user_id": 1,
                    "events": [
                        {"kind": "impression", "movie_id": 1200, "rank": 1},
                        {"kind": "click", "movie_id": 1200, "rank": 1},
                        {"kind": "rating", "movie_id": 1200, "rating": 4.5},
                    ],
                }
            ]
        },
    )

    user_id: UserId
    events: Annotated[list[Event], Field(min_length=1, max_length=MAX_EVENTS)]


class FeedbackResponse(AnswerDocument):
    accepted: int
