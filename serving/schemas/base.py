"""Limits, and types that several documents use."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "MAX_EVENTS",
    "MAX_IDS",
    "MAX_K",
    "MAX_QUERY",
    "AnswerDocument",
    "Document",
    "Ids",
    "ModelName",
    "MovieId",
    "Path",
    "UserId",
    "Year",
]

MAX_K = 100
"""Longest list that one call returns."""
MAX_IDS = 500
"""Most ids in any list of a request."""
MAX_EVENTS = 200
"""Most events in one call of /feedback."""
MAX_QUERY = 200
"""Longest search text."""

ModelName = Literal["hybrid", "als", "ease", "content"]
Path = Literal["warm", "folded_in", "cold"]
MovieId = Annotated[int, Field(ge=1, lt=2**31, examples=[260])]
UserId = Annotated[int, Field(ge=1, lt=2**31, examples=[1])]
Year = Annotated[int, Field(ge=1870, le=2200)]
Ids = Annotated[list[MovieId], Field(max_length=MAX_IDS)]


class Document(BaseModel):
    """What is sent: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class AnswerDocument(BaseModel):
    """What is answered."""

    model_config = ConfigDict(protected_namespaces=())
