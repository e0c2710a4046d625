"""What can be chosen about an evaluation."""

from typing import Annotated

from pydantic import Field

from recsys_core.parameters import Parameters

__all__ = ["EvaluationParameters"]


class EvaluationParameters(Parameters):
    """How models are compared on a held-out part."""

    ks: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (10, 20)
    """Lengths of the lists that are judged."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Of the bootstrap and of the sample of users."""
    n_bootstrap: int = Field(default=1_000, ge=10)
    """Bootstrap samples for the 95 % intervals."""
    max_users: int | None = Field(default=4_000, ge=1)
    """At most this many users, a seeded sample by user id; None: all."""
    max_slice_users: int | None = Field(default=1_000, ge=1)
    """At most this many of them in each slice that has to be ranked anew (history lengths, cold items)."""
    positive_threshold: float | None = 4.0
    """A later known rating of at least this is a target of a shortened history; None: every rating."""
    popularity_cuts: tuple[float, float] = (1 / 3, 2 / 3)
    """Shares of all training ratings at which items turn from head to mid and from mid to tail."""
    reference: str = "hybrid"
    """The model that is compared with each of the others."""
    block_scores: int = Field(default=16_000_000, ge=1)
    """Scores held at once; a block has this many divided by the number of items, in users."""
