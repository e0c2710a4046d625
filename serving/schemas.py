"""What the API takes and gives, as typed documents; all that other rooms may know of it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

__all__ = [
    "MAX_EVENTS",
    "MAX_IDS",
    "MAX_K",
    "MAX_QUERY",
    "AssignedArm",
    "Because",
    "EvaluationResponse",
    "Event",
    "FeedbackRequest",
    "FeedbackResponse",
    "HealthResponse",
    "ListOptions",
    "ModelName",
    "ModelsResponse",
    "Movie",
    "OnboardingRequest",
    "OnboardingResponse",
    "Path",
    "Problem",
    "RatedMovie",
    "Rating",
    "RatingEvent",
    "ReadyResponse",
    "RecommendationsRequest",
    "RecommendationsResponse",
    "RecommendedMovie",
    "ReloadResponse",
    "SearchResponse",
    "SeenEvent",
    "ServedModel",
    "SimilarResponse",
    "UserResponse",
    "VersionSummary",
]

MAX_K = 100
"""Longest list that one call returns."""
MAX_IDS = 500
"""Most ids in any list of a request."""
MAX_EVENTS = 200
"""Most events in one call of /feedback."""
MAX_QUERY = 200
"""Longest search text."""

ModelName = Literal["hybrid", "als", "content"]
Path = Literal["warm", "folded_in", "cold"]
MovieId = Annotated[int, Field(ge=1, lt=2**31, examples=[260])]
UserId = Annotated[int, Field(ge=1, lt=2**31, examples=[1])]
Year = Annotated[int, Field(ge=1870, le=2200)]
Ids = Annotated[list[MovieId], Field(max_length=MAX_IDS)]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class _Answer(BaseModel):
    model_config = ConfigDict(protected_namespaces=())


class ListOptions(_Document):
    """Which list, and how long; the same for everybody who asks for one."""

    k: Annotated[int, Field(ge=1, le=MAX_K, description="Number of movies.")] = 10
    model: Annotated[ModelName, Field(description="The hybrid, or one of its two sources alone.")] = "hybrid"
    alpha: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="Hybrid only: 0 is content alone, 1 collaborative alone, 0.5, or not given, the tuned blend.",
        ),
    ] = None
    genres: Annotated[list[str], Field(max_length=20, description="Only movies with at least one of these.")] = []
    year_from: Annotated[Year | None, Field(description="Only movies of this year or later.")] = None
    year_to: Annotated[Year | None, Field(description="Only movies of this year or earlier.")] = None
    exclude: Annotated[Ids, Field(description="Movie ids that must not be in the list.")] = []
    explain: Annotated[bool, Field(description="Say what each source gave, and because of which titles.")] = False
    diversity: Annotated[float, Field(ge=0, le=1, description="0: best first; 0.4: less alike; 1: least alike.")] = 0.0

    @field_validator("year_to")
    @classmethod
    def _years_in_order(cls, year_to: int | None, others: ValidationInfo) -> int | None:
        year_from = others.data.get("year_from")
        if year_to is not None and year_from is not None and year_to < year_from:
            raise ValueError(f"is before year_from, {year_from}")
        return year_to


class Rating(_Document):
    movie_id: MovieId
    rating: Annotated[float, Field(gt=0, le=10, description="On the scale of the data, such as 0.5 to 5.")]


class RecommendationsRequest(ListOptions):
    """What somebody says of themselves: liked and disliked titles, ratings, or nothing at all."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"liked": [1, 260], "disliked": [1721], "k": 5, "explain": True},
                {"ratings": [{"movie_id": 318, "rating": 4.5}], "genres": ["Drama"], "year_from": 1990},
                {},
            ]
        },
    )

    liked: Annotated[Ids, Field(description="Count as the best rating.")] = []
    disliked: Annotated[Ids, Field(description="Count as the worst rating.")] = []
    ratings: Annotated[list[Rating], Field(max_length=MAX_IDS)] = []

    @field_validator("disliked")
    @classmethod
    def _not_both(cls, disliked: list[int], others: ValidationInfo) -> list[int]:
        both = sorted(set(disliked) & set(others.data.get("liked", [])))
        if both:
            raise ValueError(f"movie {both[0]} is liked, too")
        return disliked


class Movie(_Answer):
    movie_id: int
    title: str
    year: int | None = None
    genres: list[str] = []
    imdb_id: str | None = Field(
        default=None, description="Without the letters: https://www.imdb.com/title/tt<imdb_id>/"
    )
    tmdb_id: int | None = Field(default=None, description="https://www.themoviedb.org/movie/<tmdb_id>")
    n_ratings: int | None = Field(default=None, description="Ratings that the model was trained on.")


class Because(_Answer):
    """One of the person's own titles and what it contributed to the score."""

    movie_id: int
    title: str
    contribution: float


class RecommendedMovie(Movie):
    rank: int
    score: float
    sources: dict[str, float] | None = Field(
        default=None, description="What collaborative, content and popularity gave; they add up to the score."
    )
    because: list[Because] | None = None


class AssignedArm(_Answer):
    experiment: str
    arm: str


class RecommendationsResponse(_Answer):
    """``path``: warm (from a known person's ratings), folded_in (from what was sent), cold (nothing is known)."""

    user_id: int | None
    model_version: str
    path: Path
    model: ModelName
    experiment: AssignedArm | None = None
    items: list[RecommendedMovie]


class SimilarResponse(_Answer):
    movie: Movie
    model_version: str
    items: list[RecommendedMovie]


class SearchResponse(_Answer):
    query: str
    items: list[Movie]


class RatedMovie(Movie):
    rating: float


class UserResponse(_Answer):
    """A known person's ratings, best first; ratings sent as feedback count."""

    user_id: int
    known: bool
    n_ratings: int
    items: list[RatedMovie]


class OnboardingRequest(_Document):
    """What a newcomer has said so far; ``unseen`` are titles they were asked about and do not know."""

    ratings: Annotated[list[Rating], Field(max_length=MAX_IDS)] = []
    unseen: Ids = []
    n: Annotated[int, Field(ge=1, le=50, description="Number of titles to ask about next.")] = 10


class OnboardingResponse(_Answer):
    model_version: str
    items: list[Movie]


class SeenEvent(_Document):
    """A movie was shown ("impression") or opened ("click")."""

    kind: Literal["impression", "click"]
    movie_id: MovieId
    rank: Annotated[int | None, Field(ge=1, le=10_000)] = None
    model_version: Annotated[str | None, Field(max_length=100)] = None
    experiment: Annotated[str | None, Field(max_length=100)] = None
    arm: Annotated[str | None, Field(max_length=100)] = None


class RatingEvent(SeenEvent):
    """A movie was rated; the next answer for the person knows it."""

    kind: Literal["rating"]  # type: ignore[assignment]  # narrower than its parent on purpose
    rating: Annotated[float, Field(gt=0, le=10, description="On the scale of the data, such as 0.5 to 5.")]


Event = Annotated[SeenEvent | RatingEvent, Field(discriminator="kind")]


class FeedbackRequest(_Document):
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


class FeedbackResponse(_Answer):
    accepted: int


class ServedModel(_Answer):
    """A model in memory: what was asked for ("champion", "challenger", "3"), and which version that is now."""

    reference: str
    version: str
    loaded_at: datetime
    n_users: int
    n_items: int
    n_titles: int
    seconds_to_load: float


class VersionSummary(_Answer):
    version: str
    aliases: list[str]
    created_at: datetime
    metrics: dict[str, dict[str, float]] = Field(default={}, description="Model → metric → mean on held-out people.")


class ModelsResponse(_Answer):
    served: list[ServedModel]
    versions: list[VersionSummary]


class EvaluationResponse(_Answer):
    """How good a version was on held-out people; plots are PNG files below /models/{version}/plots/."""

    version: str
    metrics: dict[str, dict[str, float]]
    plots: list[str]


class ReloadResponse(_Answer):
    model_version: str
    changed: bool


class Problem(_Answer):
    """Why there is no answer."""

    detail: str


class HealthResponse(_Answer):
    status: Literal["ok"]


class ReadyResponse(_Answer):
    status: Literal["ready", "not_ready"]
    model_version: str | None = None
    reason: str | None = None
