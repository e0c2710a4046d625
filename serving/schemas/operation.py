"""Models and the server itself."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from serving.schemas.base import AnswerDocument, FeedbackKind, IdKind

__all__ = [
    "EvaluationResponse",
    "HealthResponse",
    "ModelsResponse",
    "Problem",
    "ReadyResponse",
    "ReloadResponse",
    "ServedModel",
    "VersionSummary",
]


class RatingScale(AnswerDocument):
    """What people may say: ``lowest`` plus a multiple of ``step``, up to ``highest``; a step of 0 allows any value.

    ``kind``: ratings; counts, which say no more from ``highest`` on; events, which are 1 or, taken back, 0.
    """

    kind: FeedbackKind
    lowest: float
    highest: float
    step: float


class ServedModel(AnswerDocument):
    """A model in memory: what was asked for ("champion", "challenger", "3"), and which version that is now."""

    reference: str
    version: str
    dataset: str
    loaded_at: datetime
    n_users: int
    n_items: int
    n_titles: int
    seconds_to_load: float
    rating_scale: RatingScale
    user_ids: IdKind
    item_ids: IdKind
    genres: list[str] = Field(description="Of which there are titles.")
    years: tuple[int, int] | None = Field(
        description="The first and the last one of the titles; null where none has one."
    )


class VersionSummary(AnswerDocument):
    version: str
    aliases: list[str]
    created_at: datetime
    metrics: dict[str, dict[str, float]] = Field(default={}, description="Model → metric → mean on held-out people.")


class ModelsResponse(AnswerDocument):
    served: list[ServedModel]
    versions: list[VersionSummary]


class EvaluationResponse(AnswerDocument):
    """How good a version was on held-out people; plots are PNG files below /models/{version}/plots/."""

    version: str
    metrics: dict[str, dict[str, float]]
    plots: list[str]


class ReloadResponse(AnswerDocument):
    model_version: str
    changed: bool


class Problem(AnswerDocument):
    """Why there is no answer."""

    detail: str


class HealthResponse(AnswerDocument):
    status: Literal["ok"]


class ReadyResponse(AnswerDocument):
    status: Literal["ready", "not_ready"]
    model_version: str | None = None
    reason: str | None = None
