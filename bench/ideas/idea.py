"""What an idea is: a title, the configurations tried, and what became of it."""

from dataclasses import dataclass
from typing import Literal, Protocol

from bench.ideas.folds import Fold, Scores

__all__ = ["Configuration", "Idea", "Part", "Role", "Scorable"]

Part = Literal["als", "ease", "content"]
Role = Literal["with", "without", "beside"]
"""``with``: the idea is in the configuration and not in what it is measured against; ``without``: the other way round,
because the plain recipe has it; ``beside``: for orientation, without a say in the verdict."""


class Scorable(Protocol):
    """A recipe."""

    @property
    def name(self) -> str: ...

    def scores(self, fold: Fold) -> dict[str, Scores]: ...


@dataclass(frozen=True, slots=True)
class Configuration:
    """One change of one recipe.

    recipe   its name is the configuration's
    against  the recipe it is subtracted from
    part     the part that differs, also measured by itself; None where several do or where it has no scores
    """

    recipe: Scorable
    against: Scorable
    part: Part | None = None
    role: Role = "with"

    @property
    def name(self) -> str:
        return self.recipe.name


@dataclass(frozen=True, slots=True)
class Idea:
    """One idea with the strengths that were tried.

    built  whether the defaults of the recommender have it
    every  it holds only if each configuration says so, not one: some strength of the older way might do as well
    cold   it is about titles without ratings, measured on folds where some are removed from training
    note   what to know beside the figures
    """

    title: str
    configurations: tuple[Configuration, ...]
    built: bool
    note: str = ""
    every: bool = False
    cold: bool = False
