"""Lists of movies, and what they are asked for with."""

from typing import Annotated

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from serving.schemas.base import (
    MAX_IDS,
    MAX_K,
    AnswerDocument,
    Document,
    Id,
    Ids,
    ItemAnswer,
    ItemDocument,
    ModelName,
    Path,
    UserId,
    Value,
    Year,
)

__all__ = [
    "AssignedArm",
    "Because",
    "ListOptions",
    "Movie",
    "OnboardingRequest",
    "OnboardingResponse",
    "RatedMovie",
    "Rating",
    "RecommendationsRequest",
    "RecommendationsResponse",
    "RecommendedMovie",
    "SearchResponse",
    "SimilarResponse",
    "UserResponse",
]


class ListOptions(Document):
    """Which list, and how long; the same for everybody who asks for one."""

    k: Annotated[int, Field(ge=1, le=MAX_K, description="Number of movies.")] = 10
    model: Annotated[ModelName, Field(description="The hybrid, or one of its sources alone.")] = "hybrid"
    alpha: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description=(
                "Hybrid only: 0 leaves the collaborative part out, 1 content; 0.5, or not given, is the tuned blend. "
                "What popularity and neighbours give to people with few ratings stays."
            ),
        ),
    ] = None
    genres: Annotated[list[str], Field(max_length=20, description="Only movies with at least one of these.")] = []
    year_from: Annotated[Year | None, Field(description="Only movies of this year or later.")] = None
    year_to: Annotated[Year | None, Field(description="Only movies of this year or earlier.")] = None
    exclude: Annotated[Ids, Field(description="Movie ids that must not be in the list.")] = []
    explain: Annotated[bool, Field(description="Say what each source gave, and because of which titles.")] = False
    diversity: Annotated[float, Field(ge=0, le=1, description="0: best first; 0.4: less alike; 1: least alike.")] = 0.0

    new_titles: Annotated[
        int,
        Field(
            ge=0,
            le=MAX_K,
            description="Hybrid only: places at the list's end kept for movies without a rating; k of them: no others.",
        ),
    ] = 0

    @field_validator("year_to")
    @classmethod
    def _years_in_order(cls, year_to: int | None, others: ValidationInfo) -> int | None:
        year_from = others.data.get("year_from")
        if year_to is not None and year_from is not None and year_to < year_from:
            raise ValueError(f"is before year_from, {year_from}")
        return year_to


class Rating(ItemDocument):
    rating: Value


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
    def _not_both(cls, disliked: list[Id], others: ValidationInfo) -> list[Id]:
        both = [movie_id for movie_id in disliked if movie_id in others.data.get("liked", [])]
        if both:
            raise ValueError(f"{both[0]} is liked, too")
        return disliked


class Movie(ItemAnswer):
    title: str
    year: int | None = None
    genres: list[str] = []
    imdb_id: str | None = Field(
        default=None, description="Without the letters: https://www.imdb.com/title/tt<imdb_id>/"
    )
    tmdb_id: int | None = Field(default=None, description="https://www.themoviedb.org/movie/<tmdb_id>")
    picture_url: str | None = Field(default=None, description="As the data set's declaration makes it.")
    link_url: str | None = Field(default=None, description="Of the item's own page, likewise.")
    n_ratings: int | None = Field(default=None, description="Ratings that the model was trained on.")


class Because(ItemAnswer):
    """One of the person's own titles and what it contributed to the score."""

    title: str
    contribution: float


class RecommendedMovie(Movie):
    rank: int
    score: float
    new: bool = Field(default=False, description="Nobody had rated it when the model was trained.")
    sources: dict[str, float] | None = Field(
        default=None,
        description=(
            "What collaborative, content and popularity gave, and the constant that standardising takes off every "
            "movie alike; they add up to the score."
        ),
    )
    terms: dict[str, float] | None = Field(
        default=None,
        description=(
            "The same source by source: als, ease, neighbours, content, popularity; dislikes is what likeness to "
            "disliked movies took away."
        ),
    )
    because: list[Because] | None = None


class AssignedArm(AnswerDocument):
    experiment: str
    arm: str


class RecommendationsResponse(AnswerDocument):
    """``path``: warm (from a known person's ratings), folded_in (from what was sent), cold (nothing is known)."""

    user_id: UserId | None
    model_version: str
    path: Path
    model: ModelName
    experiment: AssignedArm | None = None
    items: list[RecommendedMovie]


class SimilarResponse(AnswerDocument):
    movie: Movie
    model_version: str
    items: list[RecommendedMovie]


class SearchResponse(AnswerDocument):
    query: str
    items: list[Movie]


class RatedMovie(Movie):
    rating: float


class UserResponse(AnswerDocument):
    """A known person's ratings, best first; ratings sent as feedback count."""

    user_id: UserId
    known: bool
    n_ratings: int
    items: list[RatedMovie]


class OnboardingRequest(Document):
    """What a newcomer has said so far; ``unseen`` are titles they were asked about and do not know."""

    liked: Annotated[Ids, Field(description="Count as the best rating.")] = []
    disliked: Annotated[Ids, Field(description="Count as the worst rating.")] = []
    ratings: Annotated[list[Rating], Field(max_length=MAX_IDS)] = []
    unseen: Ids = []
    n: Annotated[int, Field(ge=1, le=50, description="Number of titles to ask about next.")] = 10


class OnboardingResponse(AnswerDocument):
    model_version: str
    items: list[Movie]
