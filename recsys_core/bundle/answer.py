"""What a person is told: the recommended movies, and on request why."""

from dataclasses import dataclass
from typing import Any, Literal

from recsys_core.dataset.ids import Id

__all__ = ["Answer", "Path", "Reason", "RecommendedItem"]

Path = Literal["warm", "folded_in", "cold"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One of the person's own titles and what it contributed to the score."""

    movie_id: Id
    title: str
    contribution: float

    def as_dict(self) -> dict[str, Any]:
        ids = {"movie_id": self.movie_id, "item_id": self.movie_id}
        return {**ids, "title": self.title, "contribution": self.contribution}


@dataclass(frozen=True, slots=True)
class RecommendedItem:
    """One movie in a list; ``sources`` and ``terms``, which each add up to ``score``, and ``because`` are None unless
    asked for. A ``new`` one has no rating that training knew.
    """

    rank: int
    movie_id: Id
    title: str
    score: float
    sources: dict[str, float] | None = None
    because: tuple[Reason, ...] | None = None
    terms: dict[str, float] | None = None
    new: bool = False

    def as_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "rank": self.rank,
            "movie_id": self.movie_id,
            "item_id": self.movie_id,
            "title": self.title,
            "score": self.score,
            "new": self.new,
        }
        if self.sources is not None:
            told["sources"] = dict(self.sources)
        if self.terms is not None:
            told["terms"] = dict(self.terms)
        if self.because is not None:
            told["because"] = [reason.as_dict() for reason in self.because]
        return told


@dataclass(frozen=True, slots=True)
class Answer:
    """A list of movies.

    path  "warm": from a known user's ratings; "folded_in": from liked titles; "cold": nothing is known of the person
    """

    user_id: Id | None
    path: Path
    items: tuple[RecommendedItem, ...]

    def as_dict(self) -> dict[str, Any]:
        return {"user_id": self.user_id, "path": self.path, "items": [item.as_dict() for item in self.items]}
