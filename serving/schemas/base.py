"""Limits, and types that several documents use."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints, computed_field, model_validator

__all__ = [
    "MAX_EVENTS",
    "MAX_ID",
    "MAX_IDS",
    "MAX_K",
    "MAX_QUERY",
    "AnswerDocument",
    "Document",
    "FeedbackKind",
    "Id",
    "IdKind",
    "Ids",
    "ItemAnswer",
    "ItemDocument",
    "ModelName",
    "MovieId",
    "Path",
    "UserId",
    "Value",
    "Year",
    "read_id",
]

MAX_K = 100
"""Longest list that one call returns."""
MAX_ID = 500
"""Longest id, in characters."""
MAX_IDS = 500
"""Most ids in any list of a request."""
MAX_EVENTS = 200
"""Most events in one call of /feedback."""
MAX_QUERY = 200
"""Longest search text."""

IdKind = Literal["integer", "text"]
FeedbackKind = Literal["ratings", "counts", "events"]
ModelName = Literal["hybrid", "als", "ease", "content"]
Path = Literal["warm", "folded_in", "cold"]
_MOST_DIGITS = 20  # and the sign
_EXACT = 2**53  # from here on a reader that knows floating-point numbers alone would round


def read_id(text: str) -> int | str | None:
    """An id that a person wrote: a number where it is written as numbers are; None for what can be none."""
    word = text.strip()
    if not word or len(text) > MAX_ID or "\x00" in text:
        return None
    if word.isascii() and word.removeprefix("-").isdecimal() and len(word) <= _MOST_DIGITS:
        number = int(word)
        if str(number) == word and -(2**63) <= number < 2**63:
            return number
    return text


def _id_as_json(name: int | str) -> int | str:
    return name if isinstance(name, str) or abs(name) <= _EXACT else str(name)


_WholeNumber = Annotated[int, Field(ge=-(2**63), lt=2**63)]
_Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID, pattern=r"^[^\x00]+$")]
Id = Annotated[
    _WholeNumber | _Text,
    PlainSerializer(_id_as_json, return_type=int | str, when_used="json-unless-none"),
]
"""A whole number of 64 bits (as JSON a text where it is beyond 2^53) or a text, as the data have ids."""
MovieId = Annotated[Id, Field(examples=[260])]
UserId = Annotated[Id, Field(examples=[1])]
Year = Annotated[int, Field(ge=1870, le=2200)]
Value = Annotated[float, Field(ge=-1e9, le=1e9, description="On the scale of the data, such as 0.5 to 5.")]
"""A rating, a count, or an event: 1. A count or an event of 0 takes back what was before."""
Ids = Annotated[list[MovieId], Field(max_length=MAX_IDS)]


class Document(BaseModel):
    """What is sent: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class AnswerDocument(BaseModel):
    """What is answered."""

    model_config = ConfigDict(protected_namespaces=())


def _either_name(schema: dict[str, Any]) -> None:
    schema["required"] = [name for name in schema["required"] if name != "movie_id"]
    schema["anyOf"] = [{"required": ["movie_id"]}, {"required": ["item_id"]}]


class ItemDocument(Document):
    """What is sent of an item, by one of its two names."""

    model_config = ConfigDict(json_schema_extra=_either_name)

    movie_id: MovieId
    item_id: MovieId | None = Field(default=None, exclude=True, description="The same as movie_id: one is enough.")

    @model_validator(mode="before")
    @classmethod
    def _of_either(cls, sent: Any) -> Any:
        return (
            {**sent, "movie_id": sent["item_id"]}
            if isinstance(sent, dict) and "item_id" in sent and "movie_id" not in sent
            else sent
        )

    @model_validator(mode="after")
    def _of_one_item(self) -> Self:
        if self.item_id is not None and str(self.item_id) != str(self.movie_id):
            raise ValueError("movie_id and item_id are two names of the same, and differ")
        return self


class ItemAnswer(AnswerDocument):
    """What is answered of an item, by both of its names."""

    movie_id: MovieId

    @computed_field(description="The same as movie_id.")  # type: ignore[prop-decorator]  # as pydantic's page has it
    @property
    def item_id(self) -> MovieId:
        return self.movie_id
